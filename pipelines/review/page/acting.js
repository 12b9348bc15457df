// Keys, clicks, filters, and the start of the page.

const KEYS = { k: "keep", r: "revoke", m: "modify", n: "not_mine", u: "unsure" };
const HELP = [
  ["↓ J", "next item"], ["↑ P", "previous item"], ["K R M N U", "keep, revoke, modify, not mine, unsure; once more to take it back"],
  ["Enter", "show or hide the facts; in a comment: go on to the next item"], ["C", "write a comment"],
  ["A", "decide on several items of the person together, where a button offers that"], ["Z", "undo"],
  ["/", "search"], ["S", "save my decisions"], ["?", "this help"],
];
const $ = (id) => document.getElementById(id);

function say(words) {
  $("say").textContent = words;
}

function notice(words) {
  $("notices").append(make("p", { class: "notice" }, words));
}

function showKept() {
  $("kept").textContent = isKept
    ? "Your browser keeps your decisions on this computer, for this list only, until you clear its data."
    : "Your browser does not keep your decisions. Save them before you close this page.";
  if (!isKept && !$("not-kept")) {
    $("notices").append(make("p", { class: "notice", id: "not-kept" }, $("kept").textContent));
  }
}

// ---- deciding

// `by` is key, mouse or touch. Touch gets no focus in a field, which would bring up a keyboard over
// the usual reasons.
function choose(item, decision, by) {
  const isTakenBack = answers.get(item)?.decision === decision;
  decide([item], isTakenBack ? null : decision);
  goTo(item, false);
  showAnswers([item]);
  const words = isTakenBack ? "Taken back" : WORDS[decision];
  say(`${words}: ${accessOf(item)} of ${nameOf(item)}.`);
  if (isTakenBack) return;
  if (isLacking(answers.get(item))) {
    if (by !== "touch") drawn.get(item).querySelector("textarea").focus();
  } else if (by === "key") goOn();
}

function chooseTogether(button) {
  const left = button.chosen.filter((item) => !answers.has(item));
  if (left.length < 2) return;
  decide(left, button.decision, button.comment);
  showAnswers(left);
  say(`${WORDS[button.decision]}: ${count(left.length, "item")} of ${nameOf(left[0])} together.`);
  goTo(left.at(-1), false);
  goOn();
}

function goOn() {
  if (!goToNextOpen()) {
    say("Everything listed is decided. Save your decisions.");
    $("save").focus();
  }
}

function undoLast() {
  const changed = undo();
  if (!changed.length) return;
  showAnswers(changed);
  say(`Undone: ${changed.length === 1 ? `${accessOf(changed[0])} of ${nameOf(changed[0])}` : count(changed.length, "item")}.`);
  if (blockOf.has(changed[0])) goTo(changed[0]);
}

function takeBackAll() {
  const decided = [...answers.keys()];
  if (!decided.length) return;
  decide(decided, null);
  showAnswers(decided);
  $("help").close();
  say(`All decisions are taken back and no longer kept here. “Undo” brings them back until you close the page.`);
}

list.addEventListener("click", ({ target, pointerType }) => {
  const button = target.closest("button");
  const made = target.closest(".item");
  if (button?.chosen) chooseTogether(button);
  else if (button?.dataset.do === "facts") toggleFacts(made);
  else if (button?.dataset.do === "comment") writeComment(made.item);
  else if (button?.dataset.do) choose(made.item, button.dataset.do, pointerType === "touch" ? "touch" : "mouse");
  else if (button?.dataset.reason) {
    comment(made.item, button.dataset.reason);
    showAnswers([made.item]);
    if (pointerType === "touch") made.focus({ preventScroll: true });
    else made.querySelector("textarea").focus();
  } else if (made) goTo(made.item, false);
});
list.addEventListener("focusin", ({ target }) => {
  const made = target.closest(".item");
  if (made && made.item !== current) goTo(made.item, false);
});
list.addEventListener("input", ({ target }) => {
  const made = target.closest(".item");
  if (!made || target.tagName !== "TEXTAREA") return;
  comment(made.item, target.value);
  showAnswers([made.item]);
});

// ---- keys

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  const made = event.target.closest?.(".item");
  if (event.target.tagName === "TEXTAREA") return keyInComment(event, made);
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && event.target.tagName !== "INPUT") {
    event.preventDefault();
    return undoLast();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT"].includes(event.target.tagName)) return undefined;
  return keyOnPage(event, made);
});

function keyInComment(event, made) {
  if (!made) return;
  if (event.key === "Escape") made.focus();
  else if (event.key === "Enter" && !event.shiftKey && !isLacking(answers.get(made.item))) goOn();
  else return;
  event.preventDefault();
}

function keyOnPage(event, made) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const steps = { ArrowDown: 1, ArrowUp: -1, j: 1, p: -1 }[key];
  if (key.length === 1 && !$("use-keys").checked) return;
  if (steps) goBy(steps);
  else if (KEYS[key] && current) choose(current, KEYS[key], "key");
  else if (key === "Enter" && made === event.target && made) toggleFacts(made);
  else if (key === "c" && current) writeComment(current);
  else if (key === "a" && current) togetherNear(current);
  else if (key === "z") undoLast();
  else if (key === "/") $("search").focus();
  else if (key === "s") save();
  else if (key === "?") $("help").showModal();
  else return;
  event.preventDefault();
}

function writeComment(item) {
  if (!answers.has(item)) return say("Decide first, then comment.");
  const made = elementOf(item);
  const place = made.querySelector(".comment");
  place.hidden = false;
  if (!place.querySelector("textarea")) {
    drawComment(made, place);
    showAnswer(made);
    place.hidden = false;
  }
  return place.querySelector("textarea").focus();
}

function togetherNear(item) {
  const { buttons } = sections.get(item.group);
  const button = buttons.find((one) => !one.hidden && one.chosen.includes(item));
  if (button) chooseTogether(button);
  else say("Nothing to decide together here.");
}

// ---- filters

function applyFilters() {
  const words = fold($("search").value).split(/\s+/).filter(Boolean);
  const system = $("system").value;
  const isShown = {
    all: () => true,
    open: (item) => !answers.has(item),
    attention: (item) => item.needsLook,
    decided: (item) => answers.has(item),
    lacking: (item) => answers.has(item) && isLacking(answers.get(item)),
  }[$("show").value];
  listItems((item) => isShown(item) && (!system || item.source_name === system)
    && words.every((word) => searchText(item).includes(word)));
}

let typing = 0;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(applyFilters, 120);
});
for (const id of ["show", "system"]) $(id).addEventListener("change", applyFilters);
$("undo").addEventListener("click", undoLast);
$("clear").addEventListener("click", takeBackAll);
$("save").addEventListener("click", save);
$("help-button").addEventListener("click", () => $("help").showModal());
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
addEventListener("beforeprint", fillAll);
addEventListener("focus", () => showAnswers(recall().changed));

// ---- start

document.title = `${about.title}: ${about.reviewer}`;
$("title").textContent = about.title;
$("intro").append("Please decide who should keep this access: ", make("b", null, count(items.length, "item")), `${about.due && about.due !== "None" ? `, until ${about.due}` : ""}. For `, text(about.reviewer), ". ", ...(about.contact ? ["Questions: ", text(about.contact), "."] : []));
$("as-of").textContent = `${about.asOf.slice(0, 16).replace("T", " ")} UTC`;
for (const name of [...new Set(items.map((item) => item.source_name))].sort(collator.compare)) {
  $("system").append(make("option", { value: name }, name));
}
$("keys").append(...HELP.map(([key, words]) => make("tr", null, make("th", { scope: "row" }, key), make("td", null, words))));
const { changed: recalled, dropped } = recall();
applyFilters();
showKept();
if (recalled.length) say(`${count(recalled.length, "decision")} of an earlier visit ${recalled.length === 1 ? "is" : "are"} here again.`);
if (dropped) notice(`${count(dropped, "stored answer")} had to be dropped, because this list has no such item or the browser had lost a part.`);
if (!timeNow()) notice("The clock of this computer is before the day on which this review was opened. Your decisions are saved without a time.");
work.last = performance.now();
new ResizeObserver(([bar]) => {
  document.documentElement.style.setProperty("--bar", `${bar.target.offsetHeight}px`);
}).observe($("bar"));
