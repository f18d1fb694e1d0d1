import { join } from "node:path";
import process from "node:process";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Browser, Page } from "playwright-core";
import { NEEDS_CHROMIUM, openBrowser } from "../support/chromium.ts";
import type { P2pNode } from "../support/p2p_node.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { type Site, siteTest } from "../support/site.ts";

/** Whatever it is called, it stays text, and what would turn its direction is spelled out. */
const HOSTILE_NAME = '/<img src=x onerror="document.title=1"><b>bold</b>\u202egnp/';
const SHOWN_NAME = HOSTILE_NAME.replace("\u202e", "\\u{202e}");
/** What a browser itself says while a node does not answer. */
const OUTAGE = /net::ERR_|Failed to load resource/;

/** Run in the page, whose names are not this program's. */
const FOCUSED = `document.activeElement?.id || document.activeElement?.textContent || ""`;
const HAS_INK = `(() => {
  const canvas = document.getElementById("graph");
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0);
})()`;

/** The page of a node in a browser. */
interface Opened {
  readonly page: Page;
  /** What the page wrote to its console as an error, and what it threw. */
  readonly errors: string[];
  /** Everything that it asked for. */
  readonly requests: string[];
}

interface Look {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
}

async function openPage(browser: Browser, url: string, { width = 1400, scheme }: Look = {}): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme ?? null });
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
  page.on("pageerror", (error) => void errors.push(error.message));
  page.on("request", (request) => void requests.push(request.url()));
  await page.goto(url);
  return { page, errors, requests };
}

interface Scene extends Opened {
  readonly node: P2pNode;
  readonly browser: Browser;
}

/** A node that makes blocks, and its page, which is live. */
async function openScene(site: Site): Promise<Scene> {
  const [node, browser] = await Promise.all([site.node({ args: ["--mine", "0.5"] }), openBrowser()]);
  site.onEnd(() => browser.close());
  const opened = await openPage(browser, `http://${node.control}/`);
  await isLive(opened.page);
  return { node, browser, ...opened };
}

async function isLive(page: Page): Promise<void> {
  await page.getByText("live", { exact: true }).waitFor();
}

/** Keeps what the page looks like where somebody wants to see it. */
async function keep(page: Page, name: string): Promise<void> {
  const folder = process.env.P2P_SCREENSHOTS;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

siteTest("dashboard: loads, updates as things happen, and asks nobody but its node", async (site) => {
  const { node, page, errors, requests } = await openScene(site);
  const response = await page.request.get(`http://${node.control}/`);
  assertMatch(response.headers()["content-security-policy"]!, /^default-src 'none'; script-src 'sha256-[^']+'; /);
  const peer = await RawPeer.dial(node.port);
  site.onEnd(() => peer.close());
  await peer.shakeHands({ userAgent: HOSTILE_NAME });
  const row = page.locator("#peers-body tr", { hasText: SHOWN_NAME });
  await row.waitFor();
  assertEquals(await page.locator("#peers-body img, #peers-body b, #events img").count(), 0);
  await page.locator("#events li", { hasText: "peer:connected" }).waitFor();
  await page.locator("#figure-height", { hasText: /^[2-9]|^\d\d/ }).waitFor();
  await page.locator("#chain .block").nth(1).waitFor();
  await page.locator(".uplot canvas").first().waitFor();
  await page.locator("#findings li", { hasText: "the chain follows" }).waitFor();
  await peer.close();
  await row.waitFor({ state: "detached" });
  const origins = new Set(
    requests.map((url) => new URL(url)).filter(({ protocol }) => protocol !== "data:").map(({ host }) => host),
  );
  assertEquals([[...origins], errors], [[node.control], []]);
}, NEEDS_CHROMIUM);

siteTest("dashboard: survives a restart of its node", async (site) => {
  const { node, page, errors } = await openScene(site);
  // Something that happened: who has heard of nothing can miss nothing.
  await page.locator("#events li").first().waitFor();
  await node.stop();
  await page.getByText("no answer: trying again").waitFor();
  const again = await site.node({ dataDir: node.dataDir, args: ["--control", node.control] });
  await isLive(page);
  // It asked for what it missed, of which the new process knows nothing.
  await page.locator("#events li", { hasText: "restarted" }).waitFor();
  const peer = await RawPeer.dial(again.port);
  site.onEnd(() => peer.close());
  await peer.shakeHands({ userAgent: "/after:1/" });
  await page.locator("#peers-body tr", { hasText: "/after:1/" }).waitFor();
  assertEquals(errors.filter((text) => !OUTAGE.test(text)), []);
}, NEEDS_CHROMIUM);

siteTest("dashboard: at the width of a phone and of a desk, light and dark", async (site) => {
  const { node, browser } = await openScene(site);
  const backgrounds = new Set<string>();
  for (const width of [390, 1400]) {
    for (const scheme of ["light", "dark"] as const) {
      const { page, errors } = await openPage(browser, `http://${node.control}/`, { width, scheme });
      await page.locator("#chain .block").first().waitFor();
      await page.locator("#graph-note", { hasText: "nodes" }).waitFor();
      // Two frames: what was drawn last is there.
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      await keep(page, `dashboard-${width}-${scheme}`);
      assertEquals(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0, `${width} ${scheme}`);
      assertEquals(await page.evaluate(HAS_INK), true, "the network is drawn");
      backgrounds.add(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"));
      assertEquals(errors, []);
      await page.close();
    }
  }
  assertEquals(backgrounds.size, 2);
}, NEEDS_CHROMIUM);

siteTest("dashboard: asks for the token where the node does, and for nothing without it", async (site) => {
  const token = "a-token-of-some-length";
  const args = ["--control", "0.0.0.0:0", "--control-token-file", site.file("token", token)];
  const [node, browser] = await Promise.all([site.node({ args }), openBrowser()]);
  site.onEnd(() => browser.close());
  const { page } = await openPage(browser, `http://${node.control}/`);
  await page.getByLabel("token").fill(token);
  assertEquals(await page.locator("#figure-height").textContent(), "–");
  await page.getByRole("button", { name: "Use it" }).click();
  await isLive(page);
  await page.locator("#figure-height", { hasText: "0" }).waitFor();
  assertEquals(await page.locator("#token").isVisible(), false);
}, NEEDS_CHROMIUM);

siteTest("dashboard: everything can be reached with the keyboard, and the theme is kept", async (site) => {
  const { page } = await openScene(site);
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate<string>(FOCUSED));
  }
  for (const name of ["theme", "graph", "ping", "events"]) {
    assert(seen.has(name), `${name} among ${[...seen].join(", ")}`);
  }
  await page.locator("#graph-note", { hasText: "nodes" }).waitFor();
  await page.locator("#graph").focus();
  await page.keyboard.press("ArrowRight");
  assertStringIncludes((await page.locator("#graph-detail").textContent())!, "this node");
  await page.getByRole("button", { name: "ping" }).press("Enter");
  assertEquals(await page.getByRole("columnheader", { name: "ping" }).getAttribute("aria-sort"), "descending");
  await page.locator("#theme").press("Enter");
  await page.locator("#theme").press("Enter");
  assertEquals(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.reload();
  assertEquals(await page.locator("html").getAttribute("data-theme"), "dark");
}, NEEDS_CHROMIUM);
