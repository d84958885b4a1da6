"use strict";
// Sorting, filtering, unfolding and tooltips: comforts only. The page is complete without them.
(() => {
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const make = (tag, text = "", props = {}) => Object.assign(document.createElement(tag), { textContent: text }, props);

  const table = document.querySelector(".rules");
  const rows = table ? all("tbody tr", table) : [];

  const key = (row, place) => {
    const cell = row.cells[place];
    const written = place ? cell?.dataset.v : cell.textContent.trim().toLowerCase();
    return written === "" || written === undefined ? null : isNaN(written) ? written : Number(written);
  };
  const sort = (heading, place) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const found = rows.map((row, at) => ({ row, at, key: key(row, place) }));
    found.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.at - b.at;
      const order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
      return (down ? -order : order) || a.at - b.at;
    });
    table.tBodies[0].append(...found.map((one) => one.row));
  };
  if (table) {
    all("thead th", table).forEach((heading, place) => {
      const button = make("button", "", { type: "button" });
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(heading, place));
    });
  }

  const filter = () => {
    const words = make("input", "", { type: "search", autocomplete: "off" });
    const choice = make("select");
    choice.append(make("option", "any verdict", { value: "" }));
    const standing = (row) => row.querySelector("th b").textContent;
    new Set(rows.map(standing)).forEach((one) => choice.append(make("option", one, { value: one })));
    const told = make("output");
    const apply = () => {
      const wanted = words.value.trim().toLowerCase();
      rows.forEach((row) => {
        const named = row.cells[0].textContent.toLowerCase().includes(wanted);
        row.hidden = !(named && (!choice.value || standing(row) === choice.value));
      });
      told.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
    };
    const bar = make("div", "", { className: "filter" });
    [["Candidate", words], ["Verdict", choice]].forEach(([text, field]) => {
      const label = make("label", text);
      label.append(field);
      // Or its name would be the label and all of its own choices.
      field.ariaLabel = text;
      field.addEventListener("input", apply);
      bar.append(label);
    });
    bar.append(told);
    apply();
    return bar;
  };
  if (rows.length > 3) table.parentElement.before(filter());

  const folded = all("#candidates details");
  if (folded.length > 1) {
    const button = make("button", "Unfold all", { type: "button", className: "tool" });
    button.addEventListener("click", () => {
      const open = folded.some((one) => !one.open);
      folded.forEach((one) => { one.open = open; });
      button.textContent = open ? "Fold all" : "Unfold all";
    });
    folded[0].before(button);
  }

  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", unfold);
  unfold();
  addEventListener("beforeprint", () => all("details").forEach((one) => { one.open = true; }));

  const tip = make("div", "", { className: "tip", hidden: true });
  document.body.append(tip);
  all(".marks a").forEach((mark) => {
    const title = mark.querySelector("title");
    const words = title.textContent;
    const show = () => {
      const box = mark.querySelector("use").getBoundingClientRect();
      tip.textContent = words;
      tip.hidden = false;
      tip.style.left = `${Math.max(8, Math.min(scrollX + box.right, scrollX + innerWidth - tip.offsetWidth - 16))}px`;
      tip.style.top = `${scrollY + box.top - tip.offsetHeight - 2}px`;
    };
    const hide = () => {
      tip.hidden = true;
      title.textContent = words;
    };
    mark.addEventListener("pointerenter", () => {
      show();
      // Or the browser would show the same words a second time, a second later.
      title.textContent = "";
    });
    mark.addEventListener("pointerleave", hide);
    mark.addEventListener("focusin", show);
    mark.addEventListener("focusout", hide);
  });
})();
