/* Explorers (deepfeatures/figures/explorer.py): menus and sliders that choose rows of a table which is in the page.
   Nothing is computed here, and nothing is fetched. `draw` is the twin of `_drawn` in that module. */
(function () {
  "use strict";
  const EVERY = -1;

  function make(tag, text, attributes) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    return element;
  }

  function number(value, digits) {
    if (value === null) return "–";
    const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return value.toLocaleString("en-US", fixed).replace("-", "−");
  }

  function share(value, most) {
    return Math.round(Math.min(Math.max((100 * value) / most, 0), 100));
  }

  function bar(value, lo, hi, mark, most) {
    const frame = make("span", undefined, { class: "df-bar", "aria-hidden": "true" });
    const part = (name, left, width) => {
      const piece = frame.appendChild(make("span", undefined, { class: "df-bar-" + name }));
      if (left !== null) piece.style.left = left + "%";
      if (width !== null) piece.style.width = width + "%";
    };
    part("value", null, share(value, most));
    if (lo !== null && hi !== null) part("interval", share(lo, most), share(hi, most) - share(lo, most));
    if (mark !== null) part("mark", share(mark, most), null);
    return frame;
  }

  function cells(data, row) {
    let at = data.choices.length;
    return data.shown.map((one) => {
      if (one.words) return make("td", data.words[row[at++]]);
      const value = row[at++];
      const lo = one.interval ? row[at++] : null;
      const hi = one.interval ? row[at++] : null;
      const mark = one.own_mark ? row[at++] : one.mark;
      let text = number(value, one.digits);
      if (lo !== null && hi !== null) text += " [" + number(lo, one.digits) + ", " + number(hi, one.digits) + "]";
      const cell = make("td", text);
      if (one.most !== null && value !== null) cell.append(bar(value, lo, hi, mark, one.most));
      return cell;
    });
  }

  const fits = (row, chosen) => chosen.every((own, at) => own === EVERY || own === row[at]);

  function draw(data, chosen, table) {
    const varied = chosen.flatMap((own, at) => (own === EVERY ? [at] : []));
    const heads = varied.map((at) => data.choices[at].label).concat(data.shown.map((one) => one.label));
    const head = make("tr");
    head.append(...heads.map((text) => make("th", text, { scope: "col" })));
    table.tHead.replaceChildren(head);
    const rows = data.rows.filter((row) => fits(row, chosen));
    table.tBodies[0].replaceChildren(...rows.map((row) => {
      const line = make("tr");
      line.append(...varied.map((at) => make("th", data.choices[at].options[row[at]], { scope: "row" })));
      line.append(...cells(data, row));
      return line;
    }));
    return rows.length;
  }

  /* A menu offers what there is beside the choices before it; what was chosen and is not there gives way. */
  function limit(data, controls, chosen) {
    controls.forEach((control, at) => {
      const there = new Set(data.rows.filter((row) => fits(row, chosen.slice(0, at))).map((row) => row[at]));
      if (control.tagName === "SELECT") {
        for (const option of control.querySelectorAll("option")) {
          option.disabled = Number(option.value) !== EVERY && !there.has(Number(option.value));
        }
        if (control.selectedOptions.length === 0 || control.selectedOptions[0].disabled) {
          control.value = control.querySelector("option:not([disabled])").value;
        }
      }
      chosen[at] = Number(control.value);
    });
  }

  function start(root) {
    const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const controls = [...root.querySelectorAll("[data-choice]")];
    const status = root.querySelector(".df-explorer-status");
    function show() {
      const chosen = controls.map((control) => Number(control.value));
      limit(data, controls, chosen);
      for (const [at, control] of controls.entries()) {
        if (control.type === "range") {
          control.setAttribute("aria-valuetext", data.choices[at].options[chosen[at]]);
          control.parentElement.querySelector("output").textContent = data.choices[at].options[chosen[at]];
        }
      }
      const rows = draw(data, chosen, root.querySelector("table"));
      const parts = chosen.map((own, at) =>
        data.choices[at].label + ": " + (own === EVERY ? "every one" : data.choices[at].options[own]));
      status.textContent = rows === 0 ? "Nothing was measured for " + parts.join("; ") + "."
        : "Shown: " + parts.join("; ") + " (" + number(rows, 0) + (rows === 1 ? " row)." : " rows).");
    }
    for (const control of controls) control.addEventListener("input", show);
    root.querySelector(".df-explorer-controls").hidden = false;
    root.classList.add("df-explorer-live");
    show();
  }

  const begin = () => document.querySelectorAll(".df-explorer").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
