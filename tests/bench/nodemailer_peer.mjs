// nodemailer's pool, composing HTML and text for each recipient: node nodemailer_peer.mjs PORT COUNT HTML_FILE
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(new URL("../../var/bench/", import.meta.url));
const nodemailer = require("nodemailer");
const [port, count, file] = process.argv.slice(2);
const html = readFileSync(file, "utf8");
const pool = nodemailer.createTransport({
  host: "127.0.0.1", port: Number(port), pool: true, maxConnections: 10, maxMessages: Infinity,
  ignoreTLS: true,
});
const started = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(count) }, (_, number) =>
  pool.sendMail({
    from: "Stichting <krant@org.example>",
    to: `Lezer ${number} <u${number}@x.example>`,
    subject: "Oproep: geen kind in de cel",
    text: `Beste lezer ${number},\n`,
    html: html.replaceAll("NAAM", `Lezer ${number}`),
  })));
console.log(Number(process.hrtime.bigint() - started) / 1e9);
pool.close();
