// The list: a section for each person, whose items are drawn when they come near the window.

const ITEMS_PER_BLOCK = 20;
const list = document.getElementById("list");
const drawn = new Map(); // item -> its element
const blockOf = new Map(); // item -> the block that draws the item
let order = []; // the items that are listed, from top to bottom
let current = null; // the item that keys decide on
let sections = new Map(); // group -> {section, parts}

const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) fillBlock(entry.target);
}, { rootMargin: "800px 0px" });

function fillBlock(block) {
  near.unobserve(block);
  if (block.childElementCount) return;
  block.append(...block.items.map((item) => {
    const made = drawItem(item, item.needsLook);
    drawn.set(item, made);
    return made;
  }));
  block.style.minHeight = "";
}

function listItems(isWanted) {
  near.disconnect();
  drawn.clear();
  blockOf.clear();
  sections = new Map();
  order = [];
  const made = [];
  for (const group of groups) {
    const wanted = group.items.filter(isWanted);
    if (!wanted.length) continue;
    made.push(drawSection(group, wanted));
    for (const item of wanted) order.push(item);
  }
  list.replaceChildren(...made);
  if (!order.length) list.append(make("p", { class: "empty" }, items.length ? "Nothing fits. Change the search or the filters." : "There is nothing to decide."));
  current = null;
  document.getElementById("found").textContent = order.length === items.length ? count(items.length, "item") : `${number.format(order.length)} of ${count(items.length, "item")}`;
  showProgress();
}

function drawSection(group, wanted) {
  const id = `g${group.first.place}`;
  const first = group.first;
  const job = [first.job_title, first.department].filter(Boolean).map(text);
  const facts = make("p", { class: "who" });
  for (const part of [...job, make("span", { class: first.is_leaver === "true" ? "badge bad" : "" }, describeEmployment(first)), first.manager_name && make("span", null, "manager: ", text(first.manager_name))]) {
    if (part) facts.append(facts.childNodes.length ? " · " : "", part);
  }
  const done = make("span", { class: "done" });
  const section = make("section", { "aria-labelledby": id }, make("div", { class: "head" }, make("h2", { id, dir: "auto" }, group.name), done), facts);
  section.style.containIntrinsicBlockSize = `auto ${80 + guessHeight(wanted)}px`;
  sections.set(group, { done, buttons: [] });
  const gone = wanted.filter((item) => item.recommendation === "revoke");
  if (first.is_leaver === "true" && gone.length > 1) section.append(drawTogether(group, gone, "revoke", `has left${first.ended_on && ` on ${first.ended_on}`}`));
  section.append(...drawBlocks(wanted.filter((item) => !item.isUsual)));
  const usual = wanted.filter((item) => item.isUsual);
  if (usual.length) {
    const band = make("div", { class: "band" }, make("p", { class: "band-title" }, `Most colleagues have ${usual.length === 1 ? "this" : `these ${usual.length}`}, and nothing speaks against ${usual.length === 1 ? "it" : "them"}.`));
    if (usual.length > 1) band.append(drawTogether(group, usual, "keep", ""));
    band.append(...drawBlocks(usual));
    section.append(band);
  }
  return section;
}

function guessHeight(chosen) {
  return chosen.reduce((sum, item) => sum + (item.needsLook ? 180 : 82), 0);
}

function drawTogether(group, chosen, decision, comment) {
  const button = make("button", { type: "button", class: `together ${decision}` });
  button.chosen = chosen;
  button.decision = decision;
  button.comment = comment;
  sections.get(group).buttons.push(button);
  return button;
}

function drawBlocks(chosen) {
  const made = [];
  for (let start = 0; start < chosen.length; start += ITEMS_PER_BLOCK) {
    const block = make("ul", { class: "block" });
    block.items = chosen.slice(start, start + ITEMS_PER_BLOCK);
    block.style.minHeight = `${guessHeight(block.items)}px`;
    for (const item of block.items) blockOf.set(item, block);
    near.observe(block);
    made.push(block);
  }
  return made;
}

// Return the element of a listed item, drawn if it was not yet
function elementOf(item) {
  if (blockOf.has(item)) fillBlock(blockOf.get(item));
  return drawn.get(item);
}

function fillAll() {
  for (const block of new Set(blockOf.values())) fillBlock(block);
}

// ---- what changes with a decision

function showAnswers(changed) {
  for (const item of changed) if (drawn.has(item)) showAnswer(drawn.get(item));
  showProgress(new Set(changed.map((item) => item.group)));
}

function showProgress(changed = sections.keys()) {
  for (const group of changed) if (sections.has(group)) showGroup(group, sections.get(group));
  let done = 0;
  let lacking = 0;
  for (const answer of answers.values()) if (isLacking(answer)) lacking += 1; else done += 1;
  const bar = document.getElementById("progress");
  bar.max = items.length || 1;
  bar.value = done;
  document.getElementById("count").textContent = `${number.format(done)} of ${number.format(items.length)} decided${lacking ? `, ${lacking} without the needed comment` : ""}`;
  document.getElementById("undo").disabled = !acts.length;
}

function showGroup(group, { done, buttons }) {
  const open = group.items.filter((item) => !isDone(item)).length;
  done.textContent = open ? `${open} of ${group.items.length} to decide` : "all decided";
  done.classList.toggle("all", !open);
  for (const button of buttons) {
    const left = button.chosen.filter((item) => !answers.has(item));
    button.hidden = left.length < 2;
    button.textContent = button.decision === "keep" ? `Keep these ${left.length} together` : `Revoke these ${left.length} together: “${button.comment}”`;
  }
}

// ---- the current item

function goTo(item, isFocused = true) {
  if (current && drawn.has(current)) {
    drawn.get(current).classList.remove("current");
    drawn.get(current).tabIndex = -1;
  }
  current = item;
  const made = item && elementOf(item);
  if (!made) return;
  made.classList.add("current");
  made.tabIndex = 0;
  if (isFocused) {
    made.focus({ preventScroll: true });
    made.scrollIntoView({ block: "nearest" });
  }
}

function goBy(steps) {
  if (!current && goToNextOpen()) return;
  const place = current ? order.indexOf(current) + steps : 0;
  if (order.length) goTo(order[Math.min(Math.max(place, 0), order.length - 1)]);
}

// Go to the next item without a decision, from the current one on and then from the top
function goToNextOpen() {
  const start = current ? order.indexOf(current) + 1 : 0;
  const next = [...order.slice(start), ...order.slice(0, start)].find((item) => !answers.has(item));
  if (next) goTo(next);
  return Boolean(next);
}
