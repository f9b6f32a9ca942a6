// What the pages do beyond being read: filter as one types, and follow new requests. Without it they are forms and links.
"use strict";

{
  const FOLLOW_MS = 2000;

  const wordsOf = (text) => text.toLocaleLowerCase().split(/\s+/).filter(Boolean);

  // Show the rows that hold every word, as the server does for the same query.
  const filterAsTyped = (form) => {
    const input = form.querySelector("input[type=search]");
    const found = form.querySelector("[role=status]");
    const rows = [...document.querySelectorAll(`#${form.dataset.filter} tbody tr`)];
    const texts = rows.map((row) => row.textContent.toLocaleLowerCase());

    const filter = () => {
      const words = wordsOf(input.value);
      let shown = 0;
      rows.forEach((row, index) => {
        row.hidden = !words.every((word) => texts[index].includes(word));
        shown += row.hidden ? 0 : 1;
      });
      found.textContent = `${shown} of ${rows.length} ${found.dataset.what}`;
    };
    // The address keeps what was typed, so that a page that is loaded again is as it was.
    const remember = () => {
      const url = new URL(location.href);
      if (input.value) url.searchParams.set("q", input.value);
      else url.searchParams.delete("q");
      history.replaceState(null, "", url);
    };
    input.addEventListener("input", () => {
      filter();
      remember();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("keydown", (event) => {
      const isTyping = event.target.closest("input, select, textarea");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
    return filter;
  };

  // The server sends but the rows that it found: to filter by less, all have to be there.
  const startFilter = async (form) => {
    const input = form.querySelector("input[type=search]");
    if (input.defaultValue) {
      const url = new URL(location.href);
      url.searchParams.delete("q");
      const page = await pageOf(url);
      if (page) replace(`#${form.dataset.filter} tbody`, page);
    }
    filterAsTyped(form)();
  };

  const pageOf = async (url) => {
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    } catch {
      return null; // the server is being replaced, or has gone
    }
  };

  // What has the focus keeps it, if it is still there.
  const replace = (selector, page) => {
    const [before, after] = [document.querySelector(selector), page.querySelector(selector)];
    if (!before || !after || before.innerHTML === after.innerHTML) return;
    const focused = before.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    before.replaceWith(after);
    if (focused) after.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  };

  const follow = ({ follow: area, from }) => {
    const box = document.getElementById("follow");
    if (box) box.parentElement.hidden = false;
    const wait = () => setTimeout(look, FOLLOW_MS);
    const look = async () => {
      if (document.visibilityState === "visible" && (!box || box.checked)) {
        const page = await pageOf(from);
        if (page) replace(`#${area}`, page);
      }
      wait();
    };
    wait();
  };

  document.documentElement.classList.add("has-script");
  for (const form of document.querySelectorAll("form[data-filter]")) startFilter(form);
  const area = document.querySelector("[data-follow]");
  if (area) follow(area.dataset);
}
