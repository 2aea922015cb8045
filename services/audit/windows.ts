/**
 * Invariant 4: what one county owes the other is what that one claims; every obligation of the ledger is in exactly one window, by its sequence number or where its disputes have brought it,
 * unless its dispute was upheld and it waits for its claim to be reversed; a netted window sums to zero, its transfers bring every net to zero, and its hash is that of its content.
 */
import { createHash } from "node:crypto";
import { movesOf, type Owed } from "./disputes.ts";
import type { Findings } from "./findings.ts";
import type { EntryView, PayableView, Records, WindowView } from "./records.ts";
import { joined } from "./streams.ts";
import { newTally, type Tally } from "./tally.ts";

export const WINDOWS_TITLE = {
  invariant: 4,
  zh: "县际应收应付互为镜像，每条明细恰在一个清算期，已轧差的清算期合计为零且不再改变",
  en: "Between counties, claims and debts mirror each other; every row is in one clearing window; a netted one sums to zero and never changes",
} as const;

export async function checkWindows(records: Records, findings: Findings): Promise<void> {
  const windows = await checkObligations(records, findings);
  await checkMirror(records, windows, findings);
  await checkPrefunds(records, windows, findings);
  await checkTransfers(records, findings);
}

/** What all windows say together, by names of counties or pairs. */
interface Standing {
  /** `<debtor>/<creditor>` → owed in windows that are not netted, and in none. */
  readonly open: Tally;
  /** Debtor, and creditor → owed in windows that are not settled. */
  readonly committed: Tally;
  readonly incoming: Tally;
  /** Creditor → transfers that have not come. */
  readonly coming: Tally;
}

/**
 * Windows, entries and disputes side by side, all in the ledger's order: what lies after `from`, up to and with `to`, is the window's, less what has left it by a dispute, and what came by one.
 * The first window begins where the first obligation was posted, each other where the one before ends.
 */
async function checkObligations(records: Records, findings: Findings): Promise<Standing> {
  const standing: Standing = { open: newTally(), committed: newTally(), incoming: newTally(), coming: newTally() };
  const outside = newTally();
  const moves = await movesOf(records, findings);
  const entries = records.entries()[Symbol.asyncIterator]();
  try {
    let next = await entries.next();
    let last: WindowView | undefined;
    for await (const window of records.windows()) {
      findings.look();
      findings.hold(window.number === (last?.number ?? 0) + 1, () => `window ${window._id} follows ${last?._id ?? "nothing"}`);
      const from = last?.toSequence ?? window.fromSequence;
      findings.hold(
        window.fromSequence === from,
        () => `window ${window._id} begins after ${window.fromSequence}, the one before ends at ${from}`,
      );
      findings.hold(last?.state !== "OPEN", () => `window ${last?._id} is open, and ${window._id} follows it`);
      const owed = moves.into.get(window.number) ?? newTally();
      moves.into.delete(window.number);
      for (; !next.done && (window.state === "OPEN" || next.value.sequence <= window.toSequence); next = await entries.next()) {
        const entry = next.value;
        for (const row of obligationsOf(entry, findings)) {
          if (entry.sequence <= window.fromSequence) outside.add(row.pair, row.fen);
          else if (!(await moves.hasLeft(entry, row, window.number))) owed.add(row.pair, row.fen);
        }
      }
      checkPairs(window, owed, findings);
      if (window.state === "PAYING" || window.state === "SETTLED") checkNetted(window, findings);
      addStanding(window, standing);
      last = window;
    }
    const ledger = await records.ledger();
    if (last)
      findings.hold(
        last.state === "OPEN" && last.number === ledger?.openWindow,
        () => `the ledger's open window is ${ledger?.openWindow}, the last is ${last._id}, ${last.state}`,
      );
    for (; !next.done; next = await entries.next()) for (const { pair, fen } of obligationsOf(next.value, findings)) outside.add(pair, fen);
    for (const pair of outside.names()) findings.hold(false, () => `${pair}: ${outside.of(pair)} fen are owed outside of every window`);
    for (const [number, tally] of moves.into)
      for (const pair of tally.names())
        findings.hold(false, () => `${pair}: ${tally.of(pair)} fen were disputed into W${number}, which is not there`);
    for (const pair of moves.out.names()) standing.open.add(pair, moves.out.of(pair));
    await moves.finish();
  } finally {
    await entries.return?.();
    await moves.close();
  }
  return standing;
}

/** A promise across counties credits the home book's DUE_TO/<treating county>, and says so in the row that the debtor is shown. Netting a window debits it. */
function obligationsOf({ _id, lines, obligation }: EntryView, findings: Findings): readonly Owed[] {
  if (!_id.startsWith("claim/")) return [];
  const owed = lines.flatMap(({ county, account, creditFen }) =>
    account.startsWith("DUE_TO/") ? [{ pair: `${county}/${account.slice("DUE_TO/".length)}`, fen: creditFen }] : [],
  );
  const posted = owed.map(({ pair, fen }) => `${pair} of ${fen} fen`).join(", ");
  const shown = obligation ? `${obligation.debtor}/${obligation.creditor} of ${obligation.fen} fen` : "";
  findings.hold(
    posted === shown && (obligation?.rowId ?? _id) === _id,
    () => `entry ${_id} makes ${posted || "nobody"} owed, its row says ${shown || "nothing"}`,
  );
  return owed;
}

function checkPairs({ _id, pairs }: WindowView, owed: Tally, findings: Findings): void {
  for (const name of new Set([...Object.keys(pairs), ...owed.names()])) {
    const pair = pairs[name] ?? { fen: 0n, obligations: 0 };
    const is = `${owed.count(name)} obligations of ${owed.of(name)} fen`;
    const says = `${pair.obligations} obligations of ${pair.fen} fen`;
    findings.hold(says === is, () => `window ${_id} has for ${name} ${says}, the ledger ${is}`);
  }
}

function checkNetted(window: WindowView, findings: Findings): void {
  const { _id, positions, transfers } = window;
  const nets = newTally();
  const left = newTally();
  for (const [name, { fen }] of Object.entries(window.pairs)) {
    const [from = "", to = ""] = name.split("/");
    nets.add(from, -fen);
    nets.add(to, fen);
  }
  for (const { county, netFen } of positions) left.add(county, netFen);
  const total = positions.reduce((sum, { netFen }) => sum + netFen, 0n);
  findings.hold(total === 0n, () => `window ${_id} sums to ${total} fen`);
  for (const county of new Set([...left.names(), ...nets.names()]))
    findings.hold(
      left.of(county) === nets.of(county),
      () => `window ${_id} has ${county} at ${left.of(county)} fen, its pairs make ${nets.of(county)}`,
    );
  for (const { fromCounty, toCounty, amountFen } of transfers) {
    left.add(fromCounty, amountFen);
    left.add(toCounty, -amountFen);
  }
  for (const county of left.names())
    findings.hold(left.of(county) === 0n, () => `window ${_id}: its transfers leave ${county} at ${left.of(county)} fen`);
  checkAnswers(window, findings);
  const hash = hashOf(window);
  findings.hold(
    window.hash === hash,
    () => `window ${_id} has changed since it was closed: its hash is ${window.hash}, its content's ${hash}`,
  );
  const state = transfers.every(({ settled }) => settled) ? "SETTLED" : "PAYING";
  findings.hold(window.state === state, () => `window ${_id} is ${window.state}, its transfers say ${state}`);
}

/** What was netted is what its debtors have confirmed, or was taken as confirmed; a window without days to answer has no answers. */
function checkAnswers({ _id, pairs, answers }: WindowView, findings: Findings): void {
  if (!answers) return;
  const owed = newTally();
  const rows = newTally();
  for (const [name, { fen, obligations }] of Object.entries(pairs)) {
    owed.add(name.split("/")[0] ?? "", fen);
    rows.add(name.split("/")[0] ?? "", BigInt(obligations));
  }
  for (const county of new Set([...owed.names(), ...Object.keys(answers)])) {
    const said = answers[county];
    findings.hold(
      said !== undefined && BigInt(said.rows) === rows.of(county) && said.fen === owed.of(county),
      () =>
        `window ${_id}: ${county} owes ${rows.of(county)} rows of ${owed.of(county)} fen, and answered for ${said ? `${said.rows} of ${said.fen}` : "none"}`,
    );
  }
}

/** SHA-256, in hex, of a netting's canonical bytes (nrcms-netting-1): the window, its pairs by code, nets and transfers in their order, a line each. */
function hashOf({ number, fromSequence, toSequence, pairs, positions, transfers }: WindowView): string {
  const byName = Object.entries(pairs).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = [
    `nrcms-netting-1 W${number} ${fromSequence} ${toSequence}`,
    ...byName.map(([name, { fen, obligations }]) => `pair ${name.replace("/", " ")} ${obligations} ${fen}`),
    ...positions.map(({ county, netFen }) => `net ${county} ${netFen}`),
    ...transfers.map(({ fromCounty, toCounty, amountFen }) => `transfer ${fromCounty} ${toCounty} ${amountFen}`),
  ];
  return createHash("sha256")
    .update(`${lines.join("\n")}\n`, "utf8")
    .digest("hex");
}

function addStanding({ state, pairs, transfers }: WindowView, { open, committed, incoming, coming }: Standing): void {
  for (const [name, { fen }] of Object.entries(pairs)) {
    const [from = "", to = ""] = name.split("/");
    if (state === "OPEN" || state === "CONFIRMING") open.add(name, fen);
    if (state === "SETTLED") continue;
    committed.add(from, fen);
    incoming.add(to, fen);
  }
  for (const { toCounty, amountFen, settled } of transfers) if (!settled) coming.add(toCounty, amountFen);
}

/** DUE_TO and DUE_FROM are each other's mirror and the pairs of the windows that are not netted; CLEARING is what netted ones still bring. */
async function checkMirror(records: Records, { open, coming }: Standing, findings: Findings): Promise<void> {
  const debts = newTally();
  const claims = newTally();
  const clearing = newTally();
  for await (const { county, account, balanceFen } of records.accounts()) {
    const [name, other] = account.split("/");
    if (name === "DUE_TO") debts.add(`${county}/${other}`, -balanceFen);
    if (name === "DUE_FROM") claims.add(`${other}/${county}`, balanceFen);
    if (name === "CLEARING") clearing.add(county, balanceFen);
  }
  for (const pair of new Set([...debts.names(), ...claims.names(), ...open.names()])) {
    findings.look();
    const [debt, claim, window] = [debts.of(pair), claims.of(pair), open.of(pair)];
    findings.hold(
      debt === claim && debt === window,
      () => `${pair}: the debtor owes ${debt} fen, the creditor claims ${claim}, the windows to be netted have ${window}`,
    );
  }
  for (const county of new Set([...clearing.names(), ...coming.names()])) {
    findings.look();
    findings.hold(
      clearing.of(county) === coming.of(county),
      () => `CLEARING of ${county} is ${clearing.of(county)} fen, transfers to come are ${coming.of(county)}`,
    );
  }
}

async function checkPrefunds(records: Records, { committed, incoming }: Standing, findings: Findings): Promise<void> {
  const reserved = newTally();
  for await (const { county, state, amountFen } of records.reservations()) if (state === "RESERVED") reserved.add(county, amountFen);
  for await (const { county, prefund } of records.books()) {
    findings.look();
    findings.hold(
      prefund.reservedFen === reserved.of(county),
      () => `prefund of ${county}: ${prefund.reservedFen} fen reserved, its reservations sum to ${reserved.of(county)}`,
    );
    findings.hold(
      prefund.committedFen === committed.of(county),
      () => `prefund of ${county}: ${prefund.committedFen} fen committed, its open windows hold ${committed.of(county)}`,
    );
    findings.hold(
      (prefund.incomingFen ?? 0n) === incoming.of(county),
      () => `prefund of ${county}: ${prefund.incomingFen ?? 0n} fen incoming, others owe it ${incoming.of(county)} in open windows`,
    );
  }
}

/** Each transfer of a closed window is one payable, paid where the window says so. Compared in the order of the payables' ids. */
async function checkTransfers(records: Records, findings: Findings): Promise<void> {
  const groups = joined<{ transfers: Ordered; payables: PayableView }>({
    transfers: { rows: transfersOf(records), key: ({ payableId }) => payableId },
    payables: { rows: transferPayables(records), key: ({ _id }) => _id },
  });
  for await (const { key, rows } of groups) {
    findings.look();
    const [transfer] = rows.transfers;
    const [payable] = rows.payables;
    const ordered =
      transfer &&
      `${transfer.fromCounty} pays ${transfer.amountFen} fen to ${transfer.toCounty}, ${transfer.settled ? "paid" : "not paid"}`;
    const posted =
      payable && `${payable.county} pays ${payable.amountFen} fen to ${payable.payee}, ${payable.state === "PAID" ? "paid" : "not paid"}`;
    findings.hold(
      ordered === posted,
      () => `transfer ${key}: the window says ${ordered ?? "nothing"}; the payable says ${posted ?? "nothing"}`,
    );
  }
}

type Ordered = WindowView["transfers"][number] & { readonly payableId: string };

/** At most one transfer less than there are counties in a window, and a window a day: they are sorted in memory. */
async function* transfersOf(records: Records): AsyncGenerator<Ordered> {
  const all: Ordered[] = [];
  for await (const { _id, transfers } of records.windows())
    for (const transfer of transfers)
      all.push({ ...transfer, payableId: `window/${_id}/transfer/${transfer.fromCounty}/${transfer.toCounty}` });
  yield* all.sort((a, b) => (a.payableId < b.payableId ? -1 : 1));
}

async function* transferPayables(records: Records): AsyncGenerator<PayableView> {
  for await (const payable of records.payables()) if (payable._id.startsWith("window/")) yield payable;
}
