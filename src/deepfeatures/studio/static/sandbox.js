// A sandboxed page has no storage, and the book's theme fails without one: here is one that forgets when the page closes.
"use strict";
for (const name of ["localStorage", "sessionStorage"]) {
  const kept = new Map();
  Object.defineProperty(window, name, {value: {
    getItem: (key) => kept.get(String(key)) ?? null,
    setItem: (key, value) => { kept.set(String(key), String(value)); },
    removeItem: (key) => { kept.delete(String(key)); },
    clear: () => { kept.clear(); },
    key: (place) => [...kept.keys()][place] ?? null,
    get length() { return kept.size; },
  }});
}
