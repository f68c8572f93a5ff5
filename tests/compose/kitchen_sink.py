"""An issue with every section type of the base theme and every field of each, and what Markdown can do."""

from __future__ import annotations

from pathlib import Path

from newsletter.compose.edition import Edition
from tests.compose.workshop import edition

ISSUE = """\
year: 2024
number: 4
date: 2024-10-01
title: "Newsletter IV / 2024 – „Herbst & Winter“"
subject: "Was der Herbst bringt: Förderung für {{ organisation | Ihr Haus }}"
preheader: "Termine & Förderung, ein Leuchtturmprojekt, und was Umlaute im Netz (ÄÖÜ) dürfen."

sections:
  - type: letter
    id: auftakt
    heading: Zum Auftakt
    lead: |
      Dies ist der **erste** Satz,
      und hier folgt der *zweite* – „in Anführung“.
    text: |
      Ein Absatz mit **Fettem**
      *und Kursivem* über eine Zeile hinweg, ~~Gestrichenem~~ und `Code: a < b && c`.
      Ein harter Umbruch\\
      folgt hier, z. B. um 19 Uhr am 2. August in Nr. 4.

      Donaudampfschifffahrtsgesellschaftskapitäninnen lesen [unsere Seiten](https://städte.example/ü?a=1&b=2),
      [dieselben noch einmal](https://städte.example/ü?a=1&b=2) und <https://www.rathaus.example/lang>.
      Für {{ first_name | Sie & andere }} in {{ region | <NRW> }}: [Post](mailto:post@rathaus.example) oder
      [post@rathaus.example](mailto:post@rathaus.example), [0211 / 123-45](tel:021112345).

      # Große Überschrift

      ### Kleine Überschrift

      * Erster Punkt mit [Verweis](https://rathaus.example/punkt)
      * Zweiter Punkt, der so lang ist, dass er in der Nur-Text-Fassung auf eine zweite Zeile umbrochen wird
        * Unterpunkt **eins**
        * Unterpunkt zwei

          mit zweitem Absatz

      3. Drittens
      4. Viertens

      > Ein Zitat, das über die Zeile geht, weil es so lang ist, dass es nicht auf eine passt, und
      > noch weiter.
      >
      > > Ein Zitat im Zitat

      ```
      From here > there
        eingerückt & <spitz>
      ```

      ---

      | Jahr | Betrag | Wofür |
      |------|-------:|:-----:|
      | 2023 | 1 000 € | [Brücke](https://rathaus.example/bruecke) |
      | 2024 | 20 Mio. € | **Schule** |
    signature: |
      Erika Muster
      Bürgermeisterin
    buttons:
      - label: Alles lesen
        url: https://rathaus.example/alles

  - type: article
    id: artikel
    heading: Förderung geht weiter – {{ organisation | Ihr Haus }} profitiert
    partner:
      label: Gefördert durch
      name: |
        Ministerium für Heimat
        und Digitalisierung
      link: https://land.example/
      logo:
        file: logo.png
        alt: Logo des Ministeriums
        caption: Das *Logo*
        credit: "[Land](https://land.example/bild)"
        link: https://land.example/logo
    image:
      file: rathaus.png
      alt: Das Rathaus im Herbst
      caption: Rathaus mit **Turm**
      credit: "Foto: [Amt](https://amt.example)"
      link: https://rathaus.example/gross
    text: |
      Ein **fetter**
      *kursiver*
      [verwiesener](https://rathaus.example/satz) Satz.
    buttons:
      - label: Zum Antrag
        url: https://rathaus.example/antrag
      - label: Mehr wissen
        url: https://rathaus.example/mehr

  - type: image
    id: karte
    heading: "Karte 1 : 250 000"
    image:
      file: rathaus.png
      decorative: true
      caption: Eine Karte
      credit: Kartenamt

  - type: action
    id: umfrage
    heading: Bitte um Mithilfe
    deadline: 2024-11-02
    image:
      file: logo.png
      alt: Ein Fragebogen
      caption: Der Bogen
      credit: Amt
    text: |
      Es dauert 10-15 Minuten.
    buttons:
      - label: Teilnehmen
        url: https://umfrage.example/x
    note: Mit *Dank* im Voraus.

  - type: columns
    id: spalten
    heading: Zwei Spalten
    left:
      heading: Links
      image:
        file: rathaus.png
        alt: Linkes Bild
        caption: Unter links
        credit: Von links
        link: https://rathaus.example/links
      text: |
        #### Tief in der Spalte

        Text links.
      buttons:
        - label: Nach links
          url: https://rathaus.example/l
    right:
      heading: Rechts
      image:
        file: logo.png
        alt: Rechtes Bild
      text: Text rechts.
      buttons:
        - label: Nach rechts
          url: https://rathaus.example/r

  - type: columns
    id: spalten-ohne
    left:
      heading: Ohne Überschrift links
      text: Nur Text.
    right:
      text: Und hier auch.

  - type: events
    id: termine
    heading: Termine
    text: Alle Termine sind **frei**.
    events:
      - title: Späte Sitzung
        date: 2024-12-03
        end_date: 2024-12-04
        time: "14:30"
        end_time: "16:00"
        place: Rathaus, Saal 4
        text: Mit *Aussprache* und [Protokoll](https://rathaus.example/protokoll).
        link: https://rathaus.example/sitzung
        link_text: Zur Anmeldung
      - title: Frühe Sitzung
        date: 2024-11-05
        link: https://rathaus.example/frueh
    buttons:
      - label: Kalender
        url: https://rathaus.example/kalender

  - type: quote
    id: zitat
    text: |
      Das ist ein Zitat, das lang genug ist, um in der Nur-Text-Fassung über mehr als eine Zeile zu gehen.

      Und ein zweiter Absatz.
    source: Eine *Person*, [Amt](https://amt.example)

  - type: table
    id: tabelle
    heading: Zahlen
    text: Vorab ein Wort.
    caption: Was es kostet
    columns: [Jahr, Betrag, Verweis]
    rows:
      - ["2023", "1 000 €", "[Blatt](https://rathaus.example/blatt)"]
      - ["2024", "**2 000** €", "–"]

  - type: table
    id: tabelle-breit
    columns: [Was in der ersten Spalte steht, Was in der zweiten Spalte steht]
    rows:
      - [Ein Eintrag von einiger Länge steht hier, Und noch einer von einiger Länge steht dort]

  - type: divider
    id: linie

  - type: contact
    id: kontakt
    heading: Fragen?
    text: Wir helfen gern.
    name: Erika Muster
    role: Redaktion
    organisation: Stadt Musterstadt
    address: |
      Musterweg 1
      40213 Düsseldorf
    phone: "+49 (0) 211 123-45"
    email: erika.muster@rathaus.example
    image:
      file: rathaus.png
      alt: Porträt von Erika Muster
      caption: Im Büro
      credit: Privat

  - type: partner
    id: partner
    label: Mit Unterstützung von
    name: Sparkasse
    link: https://bank.example
    logo:
      file: logo.png
      alt: Logo der Sparkasse

  - type: teaser
    id: portal
    heading: Besuchen Sie das Portal
    text: Dort steht **mehr**, auch zu [Brücken](https://rathaus.example/bruecke).
    buttons:
      - label: Zum Portal!
        url: https://portal.example
"""


def kitchen_sink(folder: Path, cache_folder: Path | None = None, language: str = "de") -> Edition:
    """Compose it."""
    return edition(folder, ISSUE + f"\nlanguage: {language}\n", cache_folder=cache_folder)
