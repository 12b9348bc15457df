// Save the decisions as a CSV that `rollcall review import` takes.

// A spreadsheet would run such a comment as a formula, so it gets a quote, which the import removes
const FORMULA = /^(?:[\x00-\x08\x0b\x0c\x0e-\x20\x7f-\x9f\p{Z}\p{Cf}"']*[=+\-@＝＋－＠]|'*[\t\r\n])/u;

function cell(value) {
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",;\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// Return the file's text, and the numbers of items that it has and that it lacks
function makeFile() {
  const lines = [];
  let lacking = 0;
  for (const item of items) {
    const answer = answers.get(item);
    if (!answer) continue;
    if (isLacking(answer)) {
      lacking += 1;
      continue;
    }
    const cells = [item.item_id, answer.decision, cell(trim(answer.comment)), "", answer.at, answer.seconds, answer.how];
    lines.push(`${cells.join(",")},${item.row_end}\r\n`);
  }
  const text = `\ufeff${about.header.join(",")}\r\n${lines.join("")}`;
  return { text, done: lines.length, lacking, open: items.length - lines.length - lacking };
}

function save() {
  showAnswers(recall().changed); // of another window, whose news may not have come
  const made = makeFile();
  if (!made.done) {
    say(made.lacking ? "Nothing to save yet: the decisions lack the needed comments." : "Nothing to save yet: decide on an item first.");
    return;
  }
  const url = URL.createObjectURL(new Blob([made.text], { type: "text/csv" }));
  const link = make("a", { href: url, download: about.file });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  isSaved = true;
  describeSaved(made);
}

function describeSaved({ text, done, lacking, open }) {
  document.getElementById("saved-title").textContent = `${count(done, "decision")} saved`;
  document.getElementById("saved-text").replaceChildren(
    make("p", null, "Your browser puts the file ", make("b", null, about.file), " into its folder for downloads. Please send it to ", about.contact ? make("b", null, about.contact) : "whoever asked you", "."),
    open ? make("p", null, `${count(open, "item is", "items are")} still undecided. Undecided is not approved. You can decide later and save again.`) : make("p", null, "You have decided on everything. Thank you."),
    lacking ? make("p", { class: "warn-text" }, `${count(lacking, "decision lacks", "decisions lack")} the needed comment and ${lacking === 1 ? "is" : "are"} not in the file. Show “lacks a comment” to see ${lacking === 1 ? "it" : "them"}.`) : "",
  );
  document.getElementById("saved-name").textContent = about.file;
  document.getElementById("saved-copy").value = text.slice(1);
  document.getElementById("saved").showModal();
}
