// What forms cannot say in HTML, and a run's progress once a second. Everything works without this, by reloading.
"use strict";

for (const field of document.querySelectorAll("input[data-low]")) {
  const check = () => {
    const numbers = field.value.split(",").map((text) => text.trim()).filter((text) => text !== "").map(Number);
    const outside = numbers.find((number) => !(number >= Number(field.dataset.low) && number <= Number(field.dataset.high)));
    const twice = numbers.find((number, place) => numbers.indexOf(number) !== place);
    field.setCustomValidity(
      outside !== undefined ? `${outside} is not from ${field.dataset.low} to ${field.dataset.high}`
        : twice !== undefined ? `${twice} stands there twice` : "");
  };
  field.addEventListener("input", check);
  check();
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
}
// A page that is gone back to gets its buttons back.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button")) button.disabled = false;
});

const live = document.querySelector("[data-live]");
if (live) {
  const set = (id, text) => {
    const element = document.getElementById(id);
    if (element && element.textContent !== text) element.textContent = text;   // a reader hears only what changed
  };
  const log = document.getElementById("log");
  const look = async () => {
    let now;
    try {
      const answer = await fetch(live.dataset.live, {redirect: "error"});
      if (answer.status === 404) { location.reload(); return; }
      if (!answer.ok) throw new Error(answer.status);
      now = await answer.json();
    } catch {
      const lost = document.getElementById("lost");
      if (lost) lost.hidden = false;
      setTimeout(look, 5000);
      return;
    }
    const lost = document.getElementById("lost");
    if (lost) lost.hidden = true;
    const ended = ["done", "failed", "stopped"].includes(now.state);
    if (live.dataset.page ? now.page !== live.dataset.page : ended) {
      location.replace(location.pathname);
      return;
    }
    if (!ended) {
      set("state", now.state);
      document.getElementById("state").className = `state ${now.state}`;
      set("line", now.line);
      const bar = document.getElementById("bar");
      if (now.cells) { bar.max = now.cells; bar.value = now.cell; }
      const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
      set("log", now.log || "Nothing yet.");
      if (atEnd) log.scrollTop = log.scrollHeight;
    }
    setTimeout(look, 1000);
  };
  log.scrollTop = log.scrollHeight;
  setTimeout(look, 1000);
}
