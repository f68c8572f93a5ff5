"""The words that the page's script puts in; marked here, as the catalogue is collected from Python."""

from __future__ import annotations

from newsletter.language import N_

WORDS = {
    "composing": N_("Composing …"),
    "current": N_("Up to date"),
    "faulty": N_("Last good state"),
    "lost": N_("Connection lost, trying again …"),
    "ended": N_("The preview has ended. Start it again with “newsletter preview”."),
    "checking": N_("Checking …"),
    "nothing": N_("Nothing to put right."),
    "unchecked": N_("Checked when the fault is mended."),
    "jump": N_("Show in the mail"),
    "copy": N_("Copy"),
    "copied": N_("Copied"),
    "open": N_("Open"),
    "open_place": N_("Open {place} in the editor"),
    "copy_place": N_("Copy {place}"),
    "not_there": N_("These words are not seen in this view."),
    "sending": N_("Sending …"),
    "failed": N_("The preview does not answer."),
    "waiting": N_("The mail appears here as soon as the faults are mended."),
    "segments": N_("Readers of segments"),
}
VIEWS = {
    "light": N_("Light"),
    "dark": N_("Dark"),
    "forced": N_("Inverted"),
    "no-images": N_("No images"),
    "no-style": N_("No styles"),
    "text": N_("Text"),
    "page": N_("Archive page"),
    "page-dark": N_("Archive, dark"),
    "source": N_("HTML source"),
}
"""What each view is called, in the order of the keys 1 to 9."""
HINTS = {
    "light": N_("As most readers see it."),
    "dark": N_(
        "Apple Mail, Outlook on Macs and phones, Thunderbird: the mail's own dark colours, where the reader"
        " prefers dark."
    ),
    "forced": N_(
        "An emulation: Gmail on iPhones and Outlook's apps turn colours round like this, each in its own way."
    ),
    "no-images": N_("Outlook and many others load images only when the reader asks for them."),
    "no-style": N_("GMX and WEB.DE in the browser drop the <style> of a mail."),
    "text": N_("The text part: for text programs, watches, screen readers that prefer it, and filters."),
    "page": N_("The page in the archive, which the mail links to."),
    "page-dark": N_("The page in the archive, where the reader prefers dark."),
    "source": N_("What is sent, and what it weighs."),
}
"""Who sees it so."""
PANES = {
    "desktop": (N_("Desktop"), 640, 600, 800),
    "phone": (N_("Phone"), 360, 320, 480),
    "free": (N_("Free width"), 440, 280, 1200),
}
"""The frames: name, width, least and largest width in CSS pixels."""
