/* Explorers (deepfeatures/figures/explorer.py): menus and sliders that choose rows of a table which is in the page,
   small pictures included. Nothing is computed here, and nothing is fetched. `draw` and `pictures` are the twins of
   `table` and `above` in explorer_drawn.py. */
(function () {
  "use strict";
  const EVERY = -1;
  const SVG = "http://www.w3.org/2000/svg"; /* the name of a kind of element: nothing is asked of that host */
  const CURVE_PX = [112, 48];

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

  function share(value, least, most) {
    return Math.round(Math.min(Math.max((100 * (value - least)) / (most - least), 0), 100));
  }

  function bar(value, lo, hi, mark, one) {
    const frame = make("span", undefined, { class: "df-bar", "aria-hidden": "true" });
    const at = (where) => share(where, one.least, one.most);
    const part = (name, left, width) => {
      const piece = frame.appendChild(make("span", undefined, { class: "df-bar-" + name }));
      if (left !== null) piece.style.left = left + "%";
      if (width !== null) piece.style.width = width + "%";
    };
    if (one.least < 0) part("point", at(value), null);
    else part("value", null, at(value));
    if (lo !== null && hi !== null) part("interval", at(lo), at(hi) - at(lo));
    if (mark !== null) part("mark", at(mark), null);
    return frame;
  }

  /* A row's choices as words; without those that make rows, where `chosen` is given. */
  function spoken(data, row, chosen) {
    return data.choices.flatMap((one, at) =>
      chosen === undefined || chosen[at] !== EVERY ? [one.label + " " + one.options[row[at]]] : []).join("; ");
  }

  function picture(data, one, number, words) {
    return make("img", undefined, {
      class: one.pixels ? "df-picture df-pixels" : "df-picture", alt: one.alt + ": " + words,
      src: "data:image/png;base64," + data.pictures[number], width: one.width, height: one.height,
    });
  }

  function bars(names, percent) {
    const heard = names.flatMap((name, at) => (percent[at] >= 1 ? [name + ": " + percent[at] + " %"] : [])).join("; ");
    const frame = make("span", undefined, { class: "df-bars", role: "img", "aria-label": heard || "all below 1 %" });
    names.forEach((name, at) => {
      const one = frame.appendChild(make("span"));
      one.append(make("span"), make("i", name));
      one.firstChild.style.height = percent[at] + "%";
    });
    return frame;
  }

  function curve(points, x, y) {
    const [width, height] = CURVE_PX;
    const shape = (tag, attributes) => {
      const element = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return element;
    };
    const frame = shape("svg", {
      class: "df-curve", viewBox: "0 0 " + width + " " + height, width: width, height: height, "aria-hidden": "true",
    });
    frame.append(shape("polyline", { points: points }), shape("line", { x1: x, y1: 0, x2: x, y2: height }),
      shape("circle", { cx: x, cy: y, r: 3.5 }));
    return frame;
  }

  function cells(data, row) {
    let at = data.choices.length;
    return data.shown.map((one) => {
      const value = row[at++];
      if (one.kind === "words") return make("td", data.words[value]);
      if (one.kind === "number") {
        const lo = one.interval ? row[at++] : null;
        const hi = one.interval ? row[at++] : null;
        const mark = one.own_mark ? row[at++] : one.mark;
        let text = number(value, one.digits);
        if (lo !== null && hi !== null) text += " [" + number(lo, one.digits) + ", " + number(hi, one.digits) + "]";
        const cell = make("td", text);
        if (one.most !== null && value !== null) cell.append(bar(value, lo, hi, mark, one));
        return cell;
      }
      if (value === null) return make("td", "–");
      const cell = make("td");
      if (one.kind === "picture") cell.append(picture(data, one, value, spoken(data, row)));
      else if (one.kind === "bars") cell.append(bars(one.names, value));
      else cell.append(curve(data.curves[value[0]], value[1], value[2]));
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

  function pictures(data, chosen, frame) {
    const row = data.rows.find((one) => fits(one, chosen));
    frame.replaceChildren(...(row === undefined ? [] : data.above.flatMap((one, at) => {
      const number = row[row.length - data.above.length + at];
      if (number === null) return [];
      const figure = make("figure");
      figure.append(picture(data, one, number, spoken(data, row, chosen)), make("figcaption", one.label));
      return [figure];
    })));
  }

  /* A menu offers what there is beside the choices before it; what was chosen and is not there gives way. */
  function limit(data, controls, chosen) {
    for (const control of controls) {
      const at = Number(control.dataset.choice);
      if (control.tagName === "SELECT") {
        const there = new Set(data.rows.filter((row) => fits(row, chosen.slice(0, at))).map((row) => row[at]));
        for (const option of control.querySelectorAll("option")) {
          option.disabled = Number(option.value) !== EVERY && !there.has(Number(option.value));
        }
        if (control.selectedOptions.length === 0 || control.selectedOptions[0].disabled) {
          control.value = control.querySelector("option:not([disabled])").value;
        }
      }
      chosen[at] = Number(control.value);
    }
  }

  function start(root) {
    const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const controls = [...root.querySelectorAll("[data-choice]")];
    const status = root.querySelector(".df-explorer-status");
    const frame = root.querySelector(".df-explorer-pictures");
    function show() {
      const chosen = data.choices.map(() => EVERY);
      for (const control of controls) chosen[Number(control.dataset.choice)] = Number(control.value);
      limit(data, controls, chosen);
      for (const control of controls) {
        if (control.type === "range") {
          const now = data.choices[Number(control.dataset.choice)].options[Number(control.value)];
          control.setAttribute("aria-valuetext", now);
          control.parentElement.querySelector("output").textContent = now;
        }
      }
      const rows = draw(data, chosen, root.querySelector("table"));
      if (frame !== null) pictures(data, chosen, frame);
      const parts = chosen.flatMap((own, at) => (data.choices[at].rows ? []
        : [data.choices[at].label + ": " + (own === EVERY ? "every one" : data.choices[at].options[own])]));
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
