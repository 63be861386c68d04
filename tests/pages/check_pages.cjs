// Opens pages of the quality report in Chromium and prints, as JSON, what is wrong with each of them.
// node check_pages.cjs MODULES CHROMIUM FOLDER [SCREENSHOTS] < names of pages, one a line
// MODULES holds axe-core and playwright-core; FOLDER the report. With SCREENSHOTS pictures and PDFs are put there.
const fs = require("fs");
const path = require("path");
const { pathToFileURL } = require("url");

const [modules, executablePath, folder, shots] = process.argv.slice(2);
const { chromium } = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");
const names = fs.readFileSync(0, "utf8").split("\n").filter(Boolean);
const RULES = { preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

const inside = (url, root) => url.startsWith(root) || url.startsWith("data:") || url === "about:blank";

async function axeFinds(page) {
  await page.evaluate(axe);
  const { violations, incomplete } = await page.evaluate((rules) => window.axe.run(document, rules), RULES);
  const said = (kind) => (v) => `${kind}${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")}`;
  return violations.map(said("")).concat(incomplete.map(said("not decided: ")));
}

// What axe does not measure: sideways scrolling of the whole page, small targets, what is cut off, headings in order.
const measure = () => {
  const wide = document.documentElement;
  const tooSmall = [...document.querySelectorAll("a[href]")].filter((a) => {
    const box = a.getBoundingClientRect();
    const inText = a.closest("p:not(.more), li") && !a.closest("nav");
    return box.width && !inText && !a.classList.contains("skip") && (box.height < 24 || box.width < 24);
  });
  const levels = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => Number(h.tagName[1]));
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return {
    sideways: wide.scrollWidth - wide.clientWidth,
    tooSmall: tooSmall.map((a) => a.textContent.trim()),
    headings: levels[0] === 1 && levels.every((l, i) => i === 0 || (l > 1 && l <= levels[i - 1] + 1)) ? [] : levels,
    idsTwice: ids.filter((id, i) => ids.indexOf(id) !== i),
    scripts: document.scripts.length,
  };
};

(async () => {
  const browser = await chromium.launch({ executablePath, headless: true, args: flags });
  const root = pathToFileURL(fs.realpathSync(folder)).href;
  const found = {};
  for (const name of names) {
    const seen = { requests: [], console: [], axe: {}, width: {} };
    for (const [width, scheme] of [[1280, "light"], [320, "light"], [1280, "dark"]]) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
      page.on("request", (r) => inside(r.url(), root) || seen.requests.push(r.url()));
      page.on("websocket", (s) => seen.requests.push(s.url()));
      page.on("requestfailed", (r) => seen.console.push(`failed: ${r.url()}`));
      page.on("console", (m) => ["error", "warning"].includes(m.type()) && seen.console.push(m.text()));
      await page.goto(`${root}/${name}`);
      seen.styled = await page.evaluate(() => getComputedStyle(document.body).maxWidth !== "none");
      seen.width[`${width} ${scheme}`] = await page.evaluate(measure);
      seen.axe[`${width} ${scheme}`] = await axeFinds(page);
      if (width === 1280 && scheme === "light") {
        await page.keyboard.press("Tab");
        seen.firstFocus = await page.evaluate(() => {
          const box = document.activeElement.getBoundingClientRect();
          const { outlineStyle } = getComputedStyle(document.activeElement);
          return { text: document.activeElement.textContent, shown: box.left >= 0 && box.top >= 0, outlineStyle };
        });
        const regions = await page.$$('[role="region"][tabindex="0"]');
        seen.regionsUnfocusable = 0;
        for (const region of regions) {
          await region.focus();
          if (!(await region.evaluate((e) => e === document.activeElement))) seen.regionsUnfocusable += 1;
        }
        await page.evaluate(() => document.activeElement.blur());
      }
      if (shots) {
        const file = path.join(shots, name.replace(/\W+/g, "-"));
        await page.screenshot({ path: `${file}-${width}-${scheme}.png`, fullPage: true });
        if (width === 1280 && scheme === "light") await page.pdf({ path: `${file}.pdf`, format: "A4" });
      }
      await page.close();
    }
    found[name] = seen;
  }
  await browser.close();
  process.stdout.write(JSON.stringify(found));
})().catch((fault) => {
  process.stderr.write(`${fault.stack}\n`);
  process.exit(1);
});
