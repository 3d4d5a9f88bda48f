// Better Auth in this process, on SQLite, as a speaker for tests/benches/speakers.rs.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { hash, verify } from "@node-rs/argon2";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import Database from "better-sqlite3";

const PASSWORD = "correct horse battery staple";
const ACCOUNTS = 200;
const ARGON2ID = { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1 };
const folder = mkdtempSync(join(tmpdir(), "peer-better-auth-"));

const argon2 = { hash: (password) => hash(password, ARGON2ID), verify: ({ hash, password }) => verify(hash, password) };
const bare = { hash: async (password) => password, verify: async ({ hash, password }) => hash === password };

async function service(name, password) {
  const database = new Database(join(folder, name));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  const auth = betterAuth({
    database,
    baseURL: "http://localhost:3000",
    secret: "a secret of thirty-two characters or more",
    emailAndPassword: { enabled: true, password },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: "error" },
  });
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  return auth;
}

const signUp = (auth, email) => auth.api.signUpEmail({ body: { email, password: PASSWORD, name: "Ada" } });
const signIn = (auth, email, asResponse) =>
  auth.api.signInEmail({ body: { email, password: PASSWORD }, asResponse });
const email = (number) => `user${number}@example.org`;
const somebody = (most) => Math.floor(Math.random() * most);

const hashing = await service("hashing", argon2);
const plain = await service("plain", bare);
for (let number = 0; number < ACCOUNTS; number++) {
  await signUp(plain, email(number));
  if (number < 20) await signUp(hashing, email(number));
}
const cookies = [];
for (let number = 0; number < 50; number++) {
  const response = await signIn(plain, email(number), true);
  cookies.push(response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; "));
}
const stored = await hash(PASSWORD, ARGON2ID);
let fresh = 0;

const parts = {
  sign_in: () => {
    const who = email(somebody(20));
    return () => signIn(hashing, who);
  },
  sign_up: () => {
    const who = `new${fresh++}@example.org`;
    return () => signUp(hashing, who);
  },
  sign_in_bare: () => {
    const who = email(somebody(ACCOUNTS));
    return () => signIn(plain, who);
  },
  sign_up_bare: () => {
    const who = `new${fresh++}@example.org`;
    return () => signUp(plain, who);
  },
  session: () => {
    const headers = new Headers({ cookie: cookies[somebody(cookies.length)] });
    return async () => {
      if ((await plain.api.getSession({ headers })) === null) throw new Error("no session");
    };
  },
  hash: () => () => verify(stored, PASSWORD),
};

async function timed(part) {
  const work = parts[part]();
  const began = process.hrtime.bigint();
  await work();
  return process.hrtime.bigint() - began;
}

for (const part of Object.keys(parts)) console.log(`part ${part}`);
const { version } = JSON.parse(readFileSync("node_modules/better-auth/package.json", "utf8"));
console.log(`ready Better Auth ${version} on node ${process.version}, SQLite with WAL and synchronous=FULL`);
for await (const line of createInterface({ input: process.stdin })) {
  const [part, count] = line.split(" ");
  const times = [];
  for (let done = 0; done < Number(count); done++) times.push(await timed(part));
  console.log(times.join(" "));
}
rmSync(folder, { recursive: true });
