// Live refresh, as a page's script and, loaded again as a shared worker, as the one connection of all pages.
"use strict";

{
  const NAME = "scaffold-refresh";
  const EVENTS_URL = "/_scaffold/events";
  const FIRST_PAUSE_MS = 20;
  const LONGEST_PAUSE_MS = 1000;
  const HIDDEN_PAGE_MS = 100;

  const stateOf = ({ generation, changes }) => ({ generation, changes });

  // Call `tell` with each event of the worker that serves, and of those that follow it.
  const listen = (tell) => {
    let pause = FIRST_PAUSE_MS;
    const connect = () => {
      const source = new EventSource(EVENTS_URL);
      source.onmessage = (event) => {
        pause = FIRST_PAUSE_MS;
        tell(JSON.parse(event.data));
      };
      // A server that is gone is not asked fifty times a second, as the browser itself would do.
      source.onerror = () => {
        source.close();
        setTimeout(connect, pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      };
    };
    connect();
  };

  // In the shared worker: pass what is heard on to every page, and tell a new page how things are.
  const serveAsHub = () => {
    const ports = new Set();
    let latest = null;
    self.onconnect = ({ ports: [port] }) => {
      ports.add(port);
      port.onmessage = () => ports.delete(port);
      if (latest) port.postMessage(latest);
    };
    listen((news) => {
      latest = stateOf(news);
      for (const port of ports) port.postMessage(news);
    });
  };

  const joinByWorker = (url, tell) => {
    const { port } = new SharedWorker(url, NAME);
    port.onmessage = ({ data }) => tell(data);
    addEventListener("pagehide", () => port.postMessage("leave"), { once: true });
  };

  // Without a shared worker, the page that holds the lock listens for all.
  const joinByLock = (tell) => {
    const channel = new BroadcastChannel(NAME);
    let latest = null;
    channel.onmessage = ({ data }) => {
      if (data) tell(data);
      else if (latest) channel.postMessage(latest);
    };
    channel.postMessage(null);
    navigator.locks.request(NAME, () => {
      listen((news) => {
        latest = stateOf(news);
        channel.postMessage(news);
        tell(news);
      });
      return new Promise(() => {});
    });
  };

  const ownSheets = () =>
    [...document.querySelectorAll("link[rel~=stylesheet][href]")].filter(
      (link) => new URL(link.href).origin === location.origin && !leaving.has(link),
    );
  const leaving = new WeakSet();

  // A style sheet stays until its successor is there, so that the page is never without.
  const swap = (link, version) => {
    const url = new URL(link.href);
    url.searchParams.set(NAME, version);
    const next = link.cloneNode();
    next.removeAttribute("integrity");
    next.href = url.href;
    next.onload = () => link.remove();
    next.onerror = () => {
      next.remove();
      leaving.delete(link);
    };
    leaving.add(link);
    link.after(next);
  };

  // A sheet that no element names may be imported by one of those that are named.
  const swapStyles = (paths, version) => {
    const sheets = ownSheets();
    const isNamed = (path) => (link) => decodeURIComponent(new URL(link.href).pathname).endsWith(`/${path}`);
    const isAllNamed = paths.every((path) => sheets.some(isNamed(path)));
    const changed = isAllNamed ? sheets.filter((link) => paths.some((path) => isNamed(path)(link))) : sheets;
    for (const link of changed) swap(link, version);
  };

  const followAsPage = ({ src, dataset }) => {
    const own = { generation: Number(dataset.generation), changes: Number(dataset.changes) };

    // A page that some cache keeps giving out is loaded once for each change, not for ever.
    const isInVain = (version) => {
      const key = `${NAME} ${location.href}`;
      const attempt = `${own.generation}.${own.changes} ${version}`;
      try {
        if (sessionStorage.getItem(key) === attempt) return true;
        sessionStorage.setItem(key, attempt);
      } catch {
        // A page without storage has no cache to fear that we know of.
      }
      return false;
    };

    const tell = ({ generation, changes, styles }) => {
      const isSame = generation === own.generation;
      if (generation < own.generation || (isSame && changes <= own.changes)) return;
      const version = `${generation}.${changes}`;
      if (isSame && styles && changes === own.changes + 1) {
        own.changes = changes;
        swapStyles(styles, version);
        return;
      }
      // To load the answer to a form again is to send the form again: that is for people to decide.
      if ("answersForm" in dataset || isInVain(version)) return;
      setTimeout(() => location.reload(), document.hidden ? HIDDEN_PAGE_MS : 0);
    };

    const join = () => {
      if ("SharedWorker" in self && !("withoutWorker" in dataset)) joinByWorker(src, tell);
      else if (navigator.locks && "BroadcastChannel" in self) joinByLock(tell);
    };
    join();
    addEventListener("pageshow", (event) => event.persisted && join());
  };

  if (typeof document === "undefined") serveAsHub();
  else followAsPage(document.currentScript);
}
