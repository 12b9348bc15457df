// Elements of one item. Texts are always set as text, never as markup.

const WORDS = { keep: "Keep", revoke: "Revoke", modify: "Modify", not_mine: "Not mine", unsure: "Unsure" };
const ASKS = {
  keep: "Comment, if you like",
  revoke: "Why has it to go? (needed)",
  modify: "Which access is needed instead? (needed)",
  not_mine: "Who should decide, if you know?",
  unsure: "What would you need to know?",
};
const REASONS = ["not needed any more", "has another role now", "was only for a time"];
const MAX_WAYS = 4; // drawn; the others are counted

function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === "class") made.className = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// A text from outside, in its own direction
const text = (value) => make("bdi", null, value);

function drawItem(item, isOpen) {
  const id = `i${item.place}`;
  const made = make("li", { class: "item", id, tabindex: "-1", "aria-labelledby": `${id}t` });
  made.item = item;
  const title = make("h3", { id: `${id}t` }, text(accessOf(item)), " ", make("span", { class: "system" }, text(item.source_name)));
  const badges = item.reasons.map(([words, kind]) => make("span", { class: `badge ${kind}` }, words));
  made.append(
    make("div", { class: "top" }, make("div", { class: "what" }, make("div", { class: "title" }, title, ...badges), drawSummary(item)), drawChoices(item, id)),
    make("div", { class: "comment", hidden: "" }),
  );
  if (isOpen) openFacts(made);
  showAnswer(made);
  return made;
}

function drawSummary(item) {
  const parts = [describeThing(item), item.needsLook ? "" : describePeers(item)].filter(Boolean);
  return make("p", { class: "summary" }, ...parts.flatMap((part, place) => (place ? [" · ", text(part)] : [text(part)])),
    " ", make("span", { class: "links" },
      make("button", { type: "button", class: "plain more", "aria-expanded": "false", "data-do": "facts" }, "Facts"),
      make("button", { type: "button", class: "plain remark", "data-do": "comment" }, "Comment")));
}

function drawChoices(item, id) {
  return make("div", { class: "choices", role: "group", "aria-label": `Decision on ${accessOf(item)} of ${nameOf(item)}` },
    ...about.decisions.map((decision) => make("button", { type: "button", class: `choice ${decision}`, "data-do": decision, "aria-pressed": "false" }, WORDS[decision])));
}

function openFacts(made) {
  made.classList.add("open");
  made.querySelector(".more").setAttribute("aria-expanded", "true");
  if (made.querySelector(".facts")) return;
  const item = made.item;
  const facts = [
    ["Why", item.recommendation_because, "wide"],
    ["Findings", item.findings, "wide"],
    ["Through", drawWays(item), "wide"],
    ["Account", describeAccount(item)],
    ["Since", describeSince(item)],
    ["Last used", describeUse(item)],
    ["Last review", describeLast(item)],
    ["If revoked", describeRemains(item)],
    ["Colleagues", describePeers(item)],
  ];
  const list = make("dl", { class: "facts" }, ...facts.filter(([, value]) => value).map(([name, value, kind]) =>
    make("div", { class: kind ?? "" }, make("dt", null, name), make("dd", null, value instanceof Node ? value : text(value)))));
  made.querySelector(".top").after(list);
}

function toggleFacts(made) {
  if (!made.classList.contains("open")) return openFacts(made);
  made.classList.remove("open");
  made.querySelector(".more").setAttribute("aria-expanded", "false");
  return undefined;
}

// A small drawing of each way: account → group → access
function drawWays(item) {
  const ways = readWays(item);
  const step = (words, kind) => make("li", null, make("span", { class: kind }, text(words)));
  const drawn = ways.slice(0, MAX_WAYS).map((through) => make("ol", { class: "path" },
    step(item.account_name || item.username || "account", "end"),
    ...through.map((name) => step(name, "via")), step(accessOf(item), "end")));
  const more = ways.length - drawn.length;
  return make("div", null, ...drawn, more > 0 ? `and ${count(more, "other way")}` : null);
}

// ---- what changes with a decision

function showAnswer(made) {
  const answer = answers.get(made.item);
  made.classList.toggle("decided", Boolean(answer));
  made.dataset.decision = answer?.decision ?? "";
  for (const button of made.querySelectorAll(".choice")) {
    button.setAttribute("aria-pressed", String(button.dataset.do === answer?.decision));
  }
  const place = made.querySelector(".comment");
  place.hidden = !answer || (answer.decision === "keep" && !answer.comment);
  made.classList.toggle("lacking", Boolean(answer) && isLacking(answer));
  if (place.hidden) return;
  const field = place.querySelector("textarea") ?? drawComment(made, place);
  const ask = ASKS[answer.decision];
  place.querySelector("label span").textContent = ask;
  place.querySelector(".quick").hidden = answer.decision !== "revoke" || Boolean(trim(answer.comment));
  field.required = about.needsComment.includes(answer.decision);
  field.setAttribute("aria-invalid", String(isLacking(answer)));
  if (field.value !== answer.comment) field.value = answer.comment;
}

function drawComment(made, place) {
  const field = make("textarea", { rows: "2", maxlength: String(about.maxComment), dir: "auto" });
  const { first } = made.item.group;
  const left = first.is_leaver === "true" ? [`has left${first.ended_on && ` on ${first.ended_on}`}`] : [];
  place.append(
    make("label", null, make("span"), field),
    make("div", { class: "quick", role: "group", "aria-label": "Usual reasons" }, ...[...left, ...REASONS].map((words) =>
      make("button", { type: "button", class: "reason", "data-reason": words }, words))),
  );
  return field;
}
