// The decisions: made, undone, timed, and kept in the browser where it allows that.

const answers = new Map(); // item -> {decision, comment, at, seconds, how}
const acts = []; // what was done, to undo it: lists of [item, answer before]
const MAX_IDLE = 120_000; // milliseconds; a longer pause is not counted as work

// The import removes the same blanks
const trim = (words) => words.replace(/^[\s\u200b\u200e\u200f]+|[\s\u200b\u200e\u200f]+$/gu, "");
const isLacking = (answer) => about.needsComment.includes(answer.decision) && !trim(answer.comment);
const isDone = (item) => answers.has(item) && !isLacking(answers.get(item));

// ---- time

const work = { spent: 0, last: performance.now() };

function noteWork() {
  const now = performance.now();
  if (document.visibilityState === "visible") work.spent += Math.min(now - work.last, MAX_IDLE);
  work.last = now;
}

// Return the whole seconds since the last decision, and keep the rest for the next one
function takeSeconds() {
  noteWork();
  const seconds = Math.floor(work.spent / 1000);
  work.spent -= seconds * 1000;
  return Math.min(seconds, about.maxSeconds);
}

for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchmove"]) {
  addEventListener(kind, noteWork, { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => { work.last = performance.now(); });

// The time of a decision; empty if this computer's clock cannot be right
function timeNow() {
  return Date.now() < Date.parse(about.opened) ? "" : new Date().toISOString();
}

// ---- decide and undo

// Decide on some items by one act. A decision of null takes the decisions back.
function decide(chosen, decision, comment) {
  const seconds = takeSeconds();
  const at = timeNow();
  const how = chosen.length > 1 ? "together" : "alone";
  acts.push(chosen.map((item) => [item, answers.get(item)]));
  chosen.forEach((item, place) => {
    const before = answers.get(item);
    // The seconds of an act are shared out, so that their sum is what the act took
    const share = Math.floor((seconds + place) / chosen.length);
    const total = Math.min((before?.seconds ?? 0) + share, about.maxSeconds);
    setAnswer(item, decision && { decision, comment: comment ?? before?.comment ?? "", at, seconds: total, how });
  });
}

// Change a comment; the act that made the decision can still be undone
function comment(item, text) {
  const before = answers.get(item);
  if (before) setAnswer(item, { ...before, comment: text, at: timeNow(), seconds: Math.min(before.seconds + takeSeconds(), about.maxSeconds) });
}

function undo() {
  const act = acts.pop();
  for (const [item, before] of act ?? []) setAnswer(item, before);
  return act?.map(([item]) => item) ?? [];
}

function setAnswer(item, answer) {
  if (answer) answers.set(item, answer);
  else answers.delete(item);
  keep(item);
  isSaved = false;
}

let isSaved = true; // whether all decisions are in a file that was saved

// ---- what the browser keeps: one entry for each item, so that two windows add to each other

const PREFIX = `rollcall review ${about.campaign} ${about.edition} `;
const store = openStore();
let isKept = Boolean(store);

function openStore() {
  try {
    const found = window.localStorage;
    found.setItem(`${PREFIX}?`, "");
    found.removeItem(`${PREFIX}?`);
    return found;
  } catch {
    return null; // forbidden, or full
  }
}

function keep(item) {
  if (!store) return;
  const name = PREFIX + item.item_id;
  try {
    const answer = answers.get(item);
    if (answer) store.setItem(name, JSON.stringify(answer));
    else store.removeItem(name);
  } catch {
    store.removeItem(name); // an older answer must not come back
    isKept = false;
    showKept();
  }
}

// Return a stored answer, or null if it is none
function readAnswer(text) {
  try {
    const { decision, comment, at, seconds, how } = JSON.parse(text);
    const isRight = about.decisions.includes(decision)
      && typeof comment === "string" && comment.length <= about.maxComment
      && (at === "" || !Number.isNaN(Date.parse(at))) && ["alone", "together"].includes(how)
      && Number.isInteger(seconds) && seconds >= 0 && seconds <= about.maxSeconds;
    return isRight ? { decision, comment, at, seconds, how } : null;
  } catch {
    return null;
  }
}

// Take in all stored answers. Return the changed items, and how many answers had to be dropped.
function recall() {
  const changed = [];
  let dropped = 0;
  for (const name of store ? Object.keys(store) : []) {
    if (!name.startsWith(PREFIX)) continue;
    const text = store.getItem(name);
    const item = byId.get(name.slice(PREFIX.length));
    const answer = readAnswer(text);
    if (!item || !answer) {
      store.removeItem(name);
      dropped += 1;
    } else if (text !== JSON.stringify(answers.get(item))) {
      answers.set(item, answer);
      isSaved = false;
      changed.push(item);
    }
  }
  return { changed, dropped };
}

// Another window of this page has decided; the last decision counts in both
addEventListener("storage", ({ key, newValue }) => {
  const item = key?.startsWith(PREFIX) && byId.get(key.slice(PREFIX.length));
  if (!item) return;
  const answer = newValue === null ? null : readAnswer(newValue);
  if (newValue !== null && !answer) return;
  if (answer) answers.set(item, answer);
  else answers.delete(item);
  isSaved = false;
  showAnswers([item]);
  say(`Another window of this page has decided on ${accessOf(item)} of ${nameOf(item)}.`);
});
addEventListener("beforeunload", (event) => {
  if (!isSaved && !isKept) event.preventDefault();
});
