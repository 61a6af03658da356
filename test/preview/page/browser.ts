import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { cacheDir } from "../../../src/lab/servers/installed";

/** The Chromium that `npm run servers` found. Throws when there is none: a skipped test would look like a passed one. */
function program(): string {
  const file = join(cacheDir(), "servers.json");
  const servers = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Installed) : {};
  const bin = servers.chromium?.bin;
  if (bin === undefined || !existsSync(bin))
    throw new Error("chromium is not installed. Run: npm run servers");
  return bin;
}

interface Installed {
  readonly chromium?: { readonly bin: string };
}

/** A page that was opened, and everything that it should not have done. */
export interface Opened {
  readonly page: Page;
  /** Errors on the console, exceptions, violations of the page's own policy. */
  readonly complaints: string[];
  /** Everything that was asked for besides the file itself. */
  readonly requests: string[];
}

export interface View {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly javascript?: boolean;
  readonly media?: "print";
}

/** Chromium, with a directory for pages and pictures. */
export class Chromium {
  readonly directory = mkdtempSync(join(tmpdir(), "atalaya-page-"));

  private constructor(private readonly browser: Browser) {}

  static async start(): Promise<Chromium> {
    // As root Chromium has no sandbox; what it opens here is our own file.
    return new Chromium(await puppeteer.launch({ executablePath: program(), args: ["--no-sandbox"] }));
  }

  async open(
    html: string,
    { width = 1280, scheme = "light", javascript = true, media }: View = {},
  ): Promise<Opened> {
    const file = join(this.directory, "page.html");
    writeFileSync(file, html);
    const page = await this.browser.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    const url = pathToFileURL(file).href;
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (request.url() !== url && request.url() !== "data:,") requests.push(request.url());
    });
    await page.setJavaScriptEnabled(javascript);
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    if (media !== undefined) await page.emulateMediaType(media);
    await page.goto(url, { waitUntil: "load" });
    return { page, complaints, requests };
  }

  /** The picture's size in bytes: an empty page's is small. */
  async picture(page: Page, name: string): Promise<number> {
    const picture = await page.screenshot({
      path: join(this.directory, `${name}.png`),
      fullPage: true,
    });
    return picture.byteLength;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    rmSync(this.directory, { recursive: true });
  }
}
