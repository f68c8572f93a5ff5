// The preview's page: listens to what is saved, keeps the frames and the panel up to date, and jumps.
const $ = id => document.getElementById(id);
const words = JSON.parse($("words").textContent);
const MAILS = ["light", "dark", "forced", "no-images", "no-style"];
const SILENCE = 40_000; // milliseconds without a sign of life after which the line is taken as dead

const chosen = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
let view = document.querySelector(`[data-view="${CSS.escape(chosen.view || "light")}"]`) ? chosen.view || "light" : "light";
let reader = chosen.reader || "";
let glance = null, source = null, heard = 0, current = -1;

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const wordFor = (name, place) => words[name].replace("{place}", place);

// --- the frames -------------------------------------------------------------------------------------------

class Pane {
  constructor(section) {
    this.section = section;
    this.name = section.dataset.pane;
    this.frame = section.querySelector(".frame");
    [this.front, this.back] = section.querySelectorAll("iframe");
    this.input = section.querySelector("input");
    this.handle = section.querySelector(".handle");
    this.toggle = document.querySelector(`#widths [data-pane="${this.name}"]`);
    this.width = Number(chosen[this.name]) || Number(this.input.value);
    this.loading = 0;
    this.shows = null; // view of the front frame
    this.input.addEventListener("change", () => this.resize(Number(this.input.value)));
    this.toggle.addEventListener("click", () => {
      this.show(section.hidden);
      if (!section.hidden) section.scrollIntoView({ block: "nearest", inline: "nearest" });
      remember();
    });
    if (this.handle) this.drag();
    this.resize(this.width);
  }

  show(wanted) {
    this.section.hidden = !wanted;
    this.toggle.setAttribute("aria-pressed", String(wanted));
    if (wanted) { this.fit(); this.load(); }
  }

  resize(width) {
    const least = Number(this.input.min), most = Number(this.input.max);
    this.width = Math.round(Math.min(most, Math.max(least, width || least)));
    this.input.value = this.width;
    this.handle?.setAttribute("aria-valuenow", this.width);
    this.fit();
    remember();
  }

  // A frame wider than the window is shown smaller; the mail in it still has its whole width.
  fit() {
    const room = $("panes").clientWidth - (this.handle ? 18 : 4);
    const scale = room > 0 ? Math.min(1, room / this.width) : 1;
    this.frame.style.width = `${this.width * scale}px`;
    for (const frame of [this.front, this.back]) {
      frame.style.width = `${this.width}px`;
      frame.style.height = `${100 / scale}%`;
      frame.style.transform = scale < 1 ? `scale(${scale})` : "";
    }
  }

  drag() {
    let from = null;
    this.handle.addEventListener("pointerdown", event => {
      from = event.clientX - this.width;
      this.handle.setPointerCapture(event.pointerId);
    });
    this.handle.addEventListener("pointermove", event => { if (from !== null) this.resize(event.clientX - from); });
    this.handle.addEventListener("lostpointercapture", () => { from = null; });
    this.handle.addEventListener("keydown", event => {
      const step = { ArrowLeft: -10, ArrowRight: 10, PageDown: -100, PageUp: 100 }[event.key];
      if (step) { event.preventDefault(); this.resize(this.width + step); }
    });
  }

  // Bring the view up to date. What is shown already is mended in place, node by node, which neither flickers nor
  // moves; another kind of document is loaded into the frame behind, which comes to the front when it is there.
  async load() {
    if (this.section.hidden || !glance?.digest) return;
    const shown = view, address = `view/${shown}?reader=${encodeURIComponent(reader)}&revision=${glance.revision}`;
    if (this.address === address) return;
    this.address = address;
    const turn = ++this.loading, revision = glance.revision;
    try {
      if (this.shows && alike(this.shows, shown)) {
        const text = await fetched(address);
        if (turn !== this.loading) return;
        this.mark(null);
        // The frame's own parser: what it makes may have style attributes, which our page may not.
        const page = new this.front.contentWindow.DOMParser().parseFromString(text, "text/html");
        patch(this.front.contentDocument.documentElement, page.documentElement);
        this.shown(shown, revision);
      } else {
        const frame = this.back;
        await loaded(frame, address);
        if (turn !== this.loading) return;
        this.swap(frame);
        this.shown(shown, revision);
      }
    } catch { // the program has ended, or cannot be reached: the line to it says so, and tries again
      asked = { address: "" };
      if (turn === this.loading) this.address = null;
    }
  }

  shown(name, revision) {
    this.shows = name;
    this.frame.classList.remove("empty");
    this.section.dataset.view = name;
    this.section.dataset.revision = revision;
    if (current >= 0) this.mark(glance.findings?.[current], false);
  }

  swap(frame) {
    const before = this.front.contentDocument?.scrollingElement, now = frame.contentDocument.scrollingElement;
    if (before && this.shows && now) {
      const share = now.scrollHeight / Math.max(1, before.scrollHeight);
      now.scrollTo({ left: before.scrollLeft, top: before.scrollTop * share, behavior: "instant" });
    }
    const focused = document.activeElement === this.front;
    [this.front, this.back] = [frame, this.front];
    this.front.classList.add("shown");
    this.front.removeAttribute("aria-hidden"); this.front.removeAttribute("tabindex"); this.front.inert = false;
    this.back.classList.remove("shown");
    this.back.setAttribute("aria-hidden", "true"); this.back.tabIndex = -1; this.back.inert = true;
    if (focused) this.front.focus();
    frame.contentDocument.addEventListener("click", follow);
    frame.contentDocument.addEventListener("keydown", keys);
  }

  // Mark what a finding is about, and go there. Returns whether it was found in this frame.
  mark(finding, go = true) {
    const page = this.front.contentDocument, inside = this.front.contentWindow;
    inside.CSS.highlights?.clear();
    page.querySelectorAll("[data-preview-mark]").forEach(element => element.removeAttribute("data-preview-mark"));
    if (!finding || this.section.hidden) return false;
    const found = find(page, finding);
    if (!found) return false;
    const sheet = page.querySelector("style[data-marks]") || page.head.appendChild(page.createElement("style"));
    sheet.dataset.marks = "";
    sheet.textContent = "::highlight(finding) { background-color: #ffd84d; color: #1b1b1b; }"
      + " [data-preview-mark] { outline: 3px solid #d98a00 !important; outline-offset: 3px !important; }";
    if (found.range && inside.CSS.highlights) inside.CSS.highlights.set("finding", new inside.Highlight(found.range));
    else found.element.setAttribute("data-preview-mark", "");
    if (go) {
      const box = (found.range || found.element).getBoundingClientRect();
      // At once: a smooth way there ends wherever the document is when it is mended meanwhile.
      inside.scrollBy({ top: box.top - inside.innerHeight / 3, behavior: "instant" });
    }
    return true;
  }
}

const alike = (one, other) => one === other || (MAILS.includes(one) && MAILS.includes(other));

// All frames show the same document, which is asked for once.
let asked = { address: "" };
function fetched(address) {
  if (asked.address !== address) {
    asked = { address, text: fetch(address).then(answer => (answer.ok ? answer.text() : Promise.reject(new Error(answer.status)))) };
  }
  return asked.text;
}

async function loaded(frame, address) {
  await new Promise(done => {
    frame.addEventListener("load", done, { once: true });
    frame.contentWindow.location.replace(new URL(address, location.href.split("#")[0]));
  });
  if (frame.contentDocument?.contentType !== "text/html") throw new Error(address);
}

// Make a node like another one, touching only what differs.
function patch(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName) { old.replaceWith(fresh); return; }
  if (old.nodeType !== Node.ELEMENT_NODE) { old.data = fresh.data; return; }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  let from = 0, to = 0;
  const before = [...old.childNodes], after = [...fresh.childNodes];
  for (const [kept, like] of [...common(before, after), [before.length, after.length]]) {
    const gone = before.slice(from, kept), come = after.slice(to, like);
    const pairs = Math.min(gone.length, come.length), next = before[kept] || null;
    for (let at = 0; at < pairs; at++) patch(gone[at], come[at]);
    for (const node of gone.slice(pairs)) node.remove();
    for (const node of come.slice(pairs)) old.insertBefore(node, next);
    from = kept + 1;
    to = like + 1;
  }
}

// Which of two lists of nodes are the same, as pairs of places (the longest common subsequence).
function common(before, after) {
  const key = node => (node.nodeType === Node.ELEMENT_NODE ? node.outerHTML : `${node.nodeName} ${node.data}`);
  const one = before.map(key), other = after.map(key), pairs = [], ends = [];
  let start = 0, last = one.length, end = other.length;
  while (start < last && start < end && one[start] === other[start]) { pairs.push([start, start]); start++; }
  while (last > start && end > start && one[last - 1] === other[end - 1]) ends.unshift([--last, --end]);
  const rows = last - start, columns = end - start;
  const length = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      length[row][column] = one[start + row] === other[start + column] ? length[row + 1][column + 1] + 1
        : Math.max(length[row + 1][column], length[row][column + 1]);
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (one[start + row] === other[start + column]) pairs.push([start + row++, start + column++]);
    else if (length[row + 1][column] >= length[row][column + 1]) row++;
    else column++;
  }
  return [...pairs, ...ends];
}

// Links of the mail open in a tab of their own; those within it scroll.
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link) return;
  event.preventDefault();
  const address = link.getAttribute("href");
  if (address.startsWith("#")) {
    const place = link.ownerDocument.getElementById(decodeURIComponent(address.slice(1)));
    (place || link.ownerDocument.documentElement).scrollIntoView();
  } else if (/^(https?|mailto|tel):/i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}

// --- where a finding is in a mail ---------------------------------------------------------------------------

const SOFT = /[\u00ad\u200b\u200c\u034f\u2060\ufeff]/, SPACE = /\s/;
const ALIKE = { "–": "-", "—": "-", "„": '"', "“": '"', "”": '"', "‚": "'", "‘": "'", "’": "'" };

// The text of some nodes as it is compared, and for each of its characters the place it comes from.
function flat(nodes) {
  const places = [];
  let text = "", space = true;
  for (const node of nodes) {
    for (let at = 0; at < node.data.length; at++) {
      let char = node.data[at];
      if (SOFT.test(char)) continue;
      if (SPACE.test(char)) { if (space) continue; char = " "; }
      space = char === " ";
      text += (ALIKE[char] || char).toLowerCase()[0];
      places.push([node, at]);
    }
  }
  return { text, places };
}

function plain(text) {
  return [...text].filter(char => !SOFT.test(char)).map(char => ALIKE[char] || char).join("").replace(/\s+/g, " ").trim().toLowerCase();
}

function find(page, finding) {
  const start = finding.section ? page.getElementById(finding.section) : null;
  const wanted = plain(finding.quote || "");
  if (wanted) {
    const found = findWords(page, wanted, start) || findElement(page, finding.quote, wanted, start);
    if (found) return found;
  }
  return start ? { element: start } : null;
}

function findWords(page, wanted, start) {
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT), nodes = [];
  while (walker.nextNode()) if (walker.currentNode.parentElement.checkVisibility?.() !== false) nodes.push(walker.currentNode);
  const { text, places } = flat(nodes.filter(node => !["STYLE", "SCRIPT"].includes(node.parentElement.tagName)));
  const after = start ? places.findIndex(([node]) => start.compareDocumentPosition(node) & 20) : 0;
  let at = text.indexOf(wanted, Math.max(0, after));
  if (at < 0) at = text.indexOf(wanted);
  if (at < 0) return null;
  const range = page.createRange(), [last, end] = places[at + wanted.length - 1];
  range.setStart(...places[at]);
  range.setEnd(last, end + 1);
  return { range, element: places[at][0].parentElement };
}

function findElement(page, quote, wanted, start) {
  const says = element => ["alt", "href", "aria-label"].some(name => plain(element.getAttribute(name) || "") === wanted)
    || (element.getAttribute("src") || "").includes(quote.replace(/\.\w+$/, ""));
  const all = [...page.querySelectorAll("img, a[href], [aria-label]")].filter(says);
  const element = all.find(one => start && start.compareDocumentPosition(one) & 4) || all[0];
  return element ? { element } : null;
}

// --- what is told -------------------------------------------------------------------------------------------

function place(one) {
  const row = make("div", "place");
  row.append(make("code", "", one.place));
  const copy = make("button", "", words.copy);
  copy.type = "button";
  copy.setAttribute("aria-label", wordFor("copy_place", one.place));
  copy.addEventListener("click", async () => {
    await copied(one.place);
    copy.textContent = words.copied;
    setTimeout(() => { copy.textContent = words.copy; }, 1500);
  });
  row.append(copy);
  if (one.open) {
    const open = make("a", "", words.open);
    open.href = one.open;
    open.setAttribute("aria-label", wordFor("open_place", one.place));
    row.append(open);
  }
  return row;
}

async function copied(text) {
  try { await navigator.clipboard.writeText(text); } catch { // an older browser, or one that was not allowed to
    const area = make("textarea", "sr", text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function showFaults() {
  const box = $("faults"), faults = glance.faults;
  box.hidden = !faults.length;
  box.replaceChildren();
  if (!faults.length) return;
  box.append(make("h2", "", glance.faults_told));
  for (const fault of faults) {
    const entry = make("div", "fault");
    entry.append(make("p", "message", fault.message));
    if (fault.cure) entry.append(make("p", "cure", fault.cure));
    entry.append(place(fault));
    box.append(entry);
  }
}

function showFindings() {
  const list = $("list"), findings = glance.findings;
  const key = JSON.stringify(findings);
  $("said").textContent = glance.trouble ? glance.trouble : findings === null ? (glance.faults.length ? words.unchecked : words.checking) : findings.length ? "" : words.nothing;
  $("off").textContent = glance.off;
  for (const [box, all] of [[$("counts"), true], [$("tally"), false]]) {
    const badges = glance.counts.map(one => make("span", `badge ${tone(one.severity)}`, all ? one.told : String(one.count)));
    if (!all) badges.forEach((badge, at) => { badge.append(make("span", "sr", glance.counts[at].told.replace(/^\d+/, ""))); });
    box.replaceChildren(...badges);
  }
  if (!glance.counts.length) $("counts").replaceChildren(make("span", "badge good", findings === null ? words.checking : words.nothing));
  if (list.dataset.key === key) return;
  const before = findingKey(list.children[current]), focused = list.contains(document.activeElement);
  list.dataset.key = key;
  list.replaceChildren(...(findings || []).map(entry));
  current = (findings || []).findIndex(one => identity(one) === before);
  if (current >= 0) list.children[current].dataset.current = "";
  if (focused) (list.children[Math.max(current, 0)]?.querySelector("button") || $("findings")).focus();
}

const tone = severity => (severity === "hint" ? "hint-of" : severity);
const identity = finding => [finding.rule, finding.message].join("\n");
const findingKey = element => element?.dataset.identity;

function entry(finding, at) {
  const item = make("li", `finding ${tone(finding.severity)}`);
  item.dataset.identity = identity(finding);
  const weight = make("p", "weight");
  weight.append(make("span", "", finding.label));
  const rule = make("span", "rule", finding.rule);
  rule.title = finding.title;
  weight.append(rule);
  const what = make("button", "what", finding.message);
  what.type = "button";
  what.title = words.jump;
  what.addEventListener("click", () => jump(at));
  item.append(weight, what, make("p", "cure", finding.cure), place(finding));
  return item;
}

function jump(at) {
  const findings = glance?.findings || [];
  if (!findings.length) return;
  const list = $("list").children;
  if (list[current]) delete list[current].dataset.current;
  current = (at + findings.length) % findings.length;
  list[current].dataset.current = "";
  list[current].scrollIntoView({ block: "nearest" });
  list[current].querySelector("button").focus({ preventScroll: true });
  const finding = findings[current];
  const found = panes.map(pane => pane.mark(finding)).some(Boolean);
  const wanted = plain(finding.quote || "");
  let inInbox = false;
  for (const line of $("lines").children) {
    const hit = !found && wanted && plain(line.dataset.says || "").includes(wanted);
    line.classList.toggle("marked", Boolean(hit));
    if (hit) { inInbox = true; $("inbox").open = true; }
  }
  if (inInbox) $("inbox").scrollIntoView({ block: "nearest" });
  $("said").textContent = found || inInbox ? "" : words.not_there;
}

function showInbox() {
  $("lines").replaceChildren(...glance.inbox.map(one => {
    const line = make("div", "line");
    line.dataset.says = `${glance.subject}\n${glance.preheader}`;
    line.append(make("p", "program", `${one.program} · ${one.kind}`));
    const seen = ([shown, rest]) => shown + (rest && shown ? "…" : "");
    const text = make("p", "text", `${seen(one.subject)} `);
    text.append(make("span", "pre", seen(one.preheader)));
    line.append(make("p", "from", seen(one.sender)), text);
    return line;
  }));
}

function showSize() {
  const { bytes, told, share } = glance.size, meter = $("meter");
  $("size-told").textContent = `${told} (${share} %)`;
  meter.setAttribute("aria-valuenow", bytes);
  meter.setAttribute("aria-valuetext", told);
  meter.dataset.level = bytes >= 100_000 ? "error" : bytes >= 80_000 ? "warning" : "good";
  meter.querySelector(".fill").style.width = `${Math.min(100, 100 * bytes / 102_000)}%`;
}

function showReaders() {
  const select = $("reader"), key = JSON.stringify(glance.readers);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    const group = make("optgroup");
    group.label = words.segments;
    const people = glance.readers.filter(one => !one.segment), segments = glance.readers.filter(one => one.segment);
    const option = one => new Option(one.name, one.key);
    group.append(...segments.map(option));
    select.replaceChildren(...people.map(option), ...(segments.length ? [group] : []));
  }
  select.value = glance.reader;
  reader = glance.reader;
}

function status(state, text) {
  $("status").dataset.state = state;
  const said = $("status").querySelector(".said");
  if (said.textContent !== text) said.textContent = text;
}

function take(news) {
  glance = news;
  const faulty = news.faults.length > 0;
  if (news.composing) status("wait", words.composing);
  else status(faulty ? "fault" : "good", `${faulty ? words.faulty : words.current} · ${news.at}`);
  showFaults();
  showFindings();
  $("way").textContent = news.way;
  $("test").querySelector("button").disabled = faulty || !news.digest;
  if (news.digest) {
    $("title").textContent = news.title;
    document.title = `${faulty ? "▲ " : ""}${news.title}`;
    showReaders(); showInbox(); showSize();
  } else if (faulty) for (const pane of panes) {
    pane.frame.classList.add("empty");
    pane.frame.querySelector(".waiting").textContent = words.waiting;
  }
  for (const pane of panes) pane.load();
}

// --- the line to the program --------------------------------------------------------------------------------

function connect() {
  source?.close();
  heard = Date.now();
  source = new EventSource(`events?reader=${encodeURIComponent(reader)}`);
  source.addEventListener("glance", event => { heard = Date.now(); take(JSON.parse(event.data)); });
  source.addEventListener("beat", () => { heard = Date.now(); });
  source.addEventListener("end", () => { source.close(); source = null; status("lost", words.ended); });
  source.addEventListener("error", () => {
    if (!source) return;
    status("lost", words.lost);
    if (source.readyState === EventSource.CLOSED) { status("lost", words.ended); again(2000); }
  });
}

let waiting = 0;
function again(milliseconds) {
  clearTimeout(waiting);
  waiting = setTimeout(connect, milliseconds);
}

// A browser keeps six lines to a program open at most: windows that nobody looks at give theirs up.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { source?.close(); source = null; clearTimeout(waiting); } else connect();
});
addEventListener("online", connect);
setInterval(() => { if (source && Date.now() - heard > SILENCE) connect(); }, 5000); // after the machine slept

// --- what the editor does ------------------------------------------------------------------------------------

function remember() {
  if (!panes.length) return;
  const open = panes.filter(pane => !pane.section.hidden).map(pane => pane.name).join(" ");
  const widths = Object.fromEntries(panes.map(pane => [pane.name, pane.width]));
  history.replaceState(null, "", `#${new URLSearchParams({ view, reader, open, ...widths })}`);
}

function choose(name) {
  view = name;
  for (const button of document.querySelectorAll("[data-view][aria-pressed]")) {
    const pressed = button.dataset.view === name;
    button.setAttribute("aria-pressed", String(pressed));
    if (pressed) { $("hint").textContent = button.dataset.hint; button.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  }
  for (const pane of panes) pane.load();
  remember();
}

function keys(event) {
  const typing = event.target.closest?.("input, select, textarea, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !$("keys").checked) return;
  const buttons = document.querySelectorAll("[data-view][aria-pressed]");
  const toggle = { d: "desktop", p: "phone", f: "free" }[event.key];
  if (buttons[event.key - 1]) choose(buttons[event.key - 1].dataset.view);
  else if (toggle) panes.find(pane => pane.name === toggle).toggle.click();
  else if (event.key === "j") jump(current + 1);
  else if (event.key === "k") jump(current < 0 ? -1 : current - 1);
  else if (event.key === "r") $("reader").focus();
  else if (event.key === "i") $("inbox").open = !$("inbox").open;
  else if (event.key === "t") $("address").focus();
  else if (event.key === "?") $("help").showModal();
  else return;
  event.preventDefault();
}

async function sendTest(event) {
  event.preventDefault();
  const button = $("test").querySelector("button"), outcome = $("outcome");
  if (!$("address").reportValidity()) return;
  button.disabled = true;
  outcome.dataset.well = "";
  outcome.textContent = words.sending;
  try {
    const answer = await fetch("test", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ address: $("address").value, digest: glance.digest }),
    });
    const said = await answer.json();
    outcome.dataset.well = String(answer.ok && said.outcomes.every(one => one.well));
    outcome.textContent = answer.ok ? said.outcomes.map(one => `${one.address}: ${one.told}`).join("\n")
      : [said.message, said.cure].filter(Boolean).join(" ");
  } catch {
    outcome.dataset.well = "false";
    outcome.textContent = words.failed;
  }
  button.disabled = glance.faults.length > 0;
}

let panes = [];
panes = [...document.querySelectorAll(".pane")].map(section => new Pane(section));
// As many frames side by side as there is room for; one at least.
let room = $("panes").clientWidth;
const wide = innerWidth >= 720;
if (!wide) $("inbox").open = false;
if (!chosen.desktop && room < 1024) panes[0].resize(600);
for (const pane of panes) {
  const first = wide ? pane.name === "desktop" : pane.name === "phone";
  const fits = wide && pane.width + (pane.handle ? 16 : 2) <= room;
  const open = chosen.open ? chosen.open.split(" ").includes(pane.name) : first || fits;
  if (open) room -= pane.width + 20;
  pane.show(open);
}
for (const button of document.querySelectorAll("[data-view][aria-pressed]")) {
  button.addEventListener("click", () => choose(button.dataset.view));
}
$("reader").addEventListener("change", () => { reader = $("reader").value; remember(); connect(); });
$("test").addEventListener("submit", sendTest);
$("help-button").addEventListener("click", () => $("help").showModal());
$("inbox").addEventListener("toggle", () => panes.forEach(pane => pane.fit()));
document.addEventListener("keydown", keys);
addEventListener("resize", () => panes.forEach(pane => pane.fit()));
choose(view);
connect();
