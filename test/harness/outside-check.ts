/**
 * The check from outside, claim by claim: an audit of the mesh's own documents cannot see an answer that was given and lost, nor money that left without a document.
 * The hospitals' own files say what was promised, the bank's own books say what was paid; between the two stand the stored documents, and all four must agree.
 */
import type { Document } from "mongodb";
import { type Answer, answersOf } from "./callers.ts";
import { enrolledOf, noticesOf } from "./offices.ts";
import { askBank, type RegionMesh } from "./region-mesh.ts";

export interface Outside {
  readonly claims: number;
  readonly paid: number;
  readonly paidFen: bigint;
  /** What does not agree, in words. */
  readonly faults: readonly string[];
}

interface Transaction {
  readonly endToEndId: string;
  readonly account: string;
  readonly fen: number;
}

interface Books {
  readonly openingFen: number;
  readonly balanceFen: number;
  readonly transactions: readonly Transaction[];
  readonly pending: readonly Transaction[];
  readonly rejected: readonly Transaction[];
  readonly returns: readonly unknown[];
}

interface Paid {
  readonly payableId: string;
  readonly amountFen: bigint;
}

const approved = ({ state }: Answer) => state === "APPROVED" || state === "PAID";

class Comparison {
  readonly faults: string[] = [];
  readonly #mesh: RegionMesh;

  constructor(mesh: RegionMesh) {
    this.#mesh = mesh;
  }

  hold(holds: boolean, fault: () => string): void {
    if (!holds) this.faults.push(fault());
  }

  async all(service: string, kind: string, projection: Document = {}): Promise<Document[]> {
    return await this.#mesh.mongo.db(`nrcms_${service}`).collection(kind).find({}, { projection }).toArray();
  }

  /** Every answer against the claim as it is stored, and every stored claim against the answers. Gives the last answer to each bill. */
  async answers(): Promise<Map<string, Answer>> {
    const stored = new Map((await this.all("claims", "claims", { "bill.lines": 0 })).map((claim) => [String(claim._id), claim]));
    const last = new Map<string, Answer>();
    for (const [claimId, answers] of answersOf(this.#mesh.run)) {
      const claim = stored.get(claimId);
      stored.delete(claimId);
      const newest = answers.at(-1);
      if (!claim || !newest) {
        this.hold(false, () => `${claimId} was acknowledged as ${newest?.state}, and is not stored`);
        continue;
      }
      last.set(claimId, newest);
      for (const { fundFen } of answers)
        this.hold(
          fundFen === claim.benefit.fundFen,
          () => `${claimId}: the till heard ${fundFen} fen, stored are ${claim.benefit.fundFen}`,
        );
      const end = approved(newest) ? (newest.fundFen > 0n ? "PAID" : "APPROVED") : "REFUSED";
      this.hold(claim.state === end, () => `${claimId}: the till last heard ${newest.state}, stored is ${claim.state}`);
      const promised = answers.findIndex(approved);
      this.hold(
        promised < 0 || answers.slice(promised).every(approved),
        () => `${claimId}: ${answers.map(({ state }) => state).join(", then ")}`,
      );
    }
    for (const claimId of stored.keys()) this.hold(false, () => `${claimId} is stored, and no till ever had an answer`);
    return last;
  }

  /** One payable and one executed transfer for each promise. Gives what each EndToEndId should have moved. */
  async promises(answers: ReadonlyMap<string, Answer>, books: Books): Promise<Map<string, Document>> {
    const orders = await this.all("payment", "orders");
    const byPayable = Map.groupBy(
      orders.flatMap((order) => (order.payables as Paid[]).map((part) => ({ order, part }))),
      ({ part }) => part.payableId,
    );
    const executed = Map.groupBy(books.transactions, (one) => one.endToEndId);
    const payables = Map.groupBy(await this.all("settlement", "payables"), (payable) => String(payable.claimId));
    const accounts = new Map(this.#mesh.region.institutions.map((one) => [one.institutionId, one.account?.accountNumber]));
    for (const [claimId, answer] of answers) {
      const { fundFen, institutionId, treatingCounty } = answer;
      const owed = payables.get(claimId) ?? [];
      payables.delete(claimId);
      if (!approved(answer)) {
        this.hold(owed.length === 0, () => `${claimId} was refused, and ${owed.map((row) => row._id).join(", ")} owes for it`);
        continue;
      }
      const [payable] = owed;
      if (!payable || owed.length > 1) {
        this.hold(false, () => `${claimId} was promised ${fundFen} fen, and has ${owed.length} payables`);
        continue;
      }
      const same =
        payable.amountFen === fundFen && payable.payee === institutionId && payable.county === treatingCounty && payable.state === "PAID";
      this.hold(same, () => `${claimId} was promised ${fundFen} fen to ${institutionId} by ${treatingCounty}: ${words(payable)}`);
      if (fundFen === 0n) continue;
      const parts = byPayable.get(String(payable._id)) ?? [];
      const transfers = parts.flatMap(({ order }) => executed.get(String(order.endToEndId)) ?? []);
      this.hold(
        transfers.length === 1,
        () => `${claimId} is in ${transfers.length} executed transfers: ${parts.map(({ order }) => order._id).join(", ")}`,
      );
      for (const { order, part } of parts) {
        this.hold(
          part.amountFen === fundFen,
          () => `${claimId}: order ${order._id} has ${part.amountFen} fen for it, promised were ${fundFen}`,
        );
        this.hold(
          order.account.accountNumber === accounts.get(institutionId),
          () => `${claimId}: order ${order._id} pays another account than ${institutionId}'s`,
        );
      }
    }
    payables.delete(""); // The clearing's transfers.
    for (const claimId of payables.keys()) this.hold(false, () => `there is a payable for ${claimId}, which no till has billed`);
    return new Map(orders.map((order) => [String(order.endToEndId), order]));
  }

  /** The bank's own books: every transfer once, ordered, in full, and nothing besides; to each account what its claims and clearings sum to. */
  async bank(answers: ReadonlyMap<string, Answer>, books: Books, orders: ReadonlyMap<string, Document>): Promise<void> {
    const seen = new Set<string>();
    for (const { endToEndId, fen, account } of books.transactions) {
      this.hold(!seen.has(endToEndId), () => `the bank has executed ${endToEndId} twice`);
      seen.add(endToEndId);
      const order = orders.get(endToEndId);
      const sum = ((order?.payables ?? []) as Paid[]).reduce((all, part) => all + part.amountFen, 0n);
      const same = order !== undefined && order.amountFen === BigInt(fen) && sum === BigInt(fen) && order.account.accountNumber === account;
      this.hold(
        same,
        () => `the bank has moved ${fen} fen by ${endToEndId}; ordered were ${order?.amountFen ?? "none"}, of payables ${sum}`,
      );
      this.hold(order?.state === "SETTLED", () => `the bank has executed ${endToEndId}, its order is ${order?.state}`);
    }
    const unusual = [books.pending.length, books.rejected.length, books.returns.length];
    this.hold(
      unusual.every((count) => count === 0),
      () => `the bank has ${unusual.join(", ")} pending, rejected, returned`,
    );
    const moved = books.transactions.reduce((sum, one) => sum + one.fen, 0);
    this.hold(
      books.openingFen - books.balanceFen === moved,
      () => `the bank's balance fell by ${books.openingFen - books.balanceFen} fen, its transfers sum to ${moved}`,
    );

    const wanted = new Map<string, bigint>();
    const add = (account: string | undefined, fen: bigint) => wanted.set(account ?? "", (wanted.get(account ?? "") ?? 0n) + fen);
    const { institutions, counties } = this.#mesh.region;
    const accountOf = new Map(institutions.map((one) => [one.institutionId, one.account?.accountNumber]));
    for (const answer of answers.values()) if (approved(answer)) add(accountOf.get(answer.institutionId), answer.fundFen);
    const countyAccounts = new Map(counties.map(({ county }) => [county.county, county.account?.accountNumber]));
    for (const { toCounty, amountFen } of await this.clearing(answers)) add(countyAccounts.get(toCounty), amountFen);
    const paid = new Map<string, bigint>();
    for (const { account, fen } of books.transactions) paid.set(account, (paid.get(account) ?? 0n) + BigInt(fen));
    for (const account of new Set([...wanted.keys(), ...paid.keys()]))
      this.hold(
        (wanted.get(account) ?? 0n) === (paid.get(account) ?? 0n),
        () => `account ${account} had ${paid.get(account) ?? 0n} fen, owed were ${wanted.get(account) ?? 0n}`,
      );
  }

  /** What the offices were told, and the money that the funds must have after all that came in and went out. */
  async offices(books: Books): Promise<void> {
    const { mongo, run, receivedFen } = this.#mesh;
    const missing = async (service: string, kind: string, ids: readonly string[]) => {
      const rows = mongo.db(`nrcms_${service}`).collection<{ _id: string }>(kind);
      const found = new Set((await rows.find({ _id: { $in: [...ids] } }, { projection: { _id: 1 } }).toArray()).map((row) => row._id));
      for (const id of ids) this.hold(found.has(id), () => `${id} was acknowledged, and ${service} has no such ${kind}`);
    };
    const enrolled = enrolledOf(run);
    const householdIds = enrolled.map(({ householdId }) => householdId);
    await missing("enrollment", "households", householdIds);
    await missing(
      "claims",
      "covers",
      enrolled.flatMap(({ people }) => people),
    );
    await missing("administration", "notices", noticesOf(run));
    const inFen = enrolled.reduce((sum, row) => sum + row.contributionsFen, receivedFen);
    // What goes from one county to another leaves the sum of the funds as it is.
    const counties = new Set(this.#mesh.region.counties.map(({ county }) => county.account?.accountNumber));
    const outFen = books.transactions.reduce((sum, one) => (counties.has(one.account) ? sum : sum + BigInt(one.fen)), 0n);
    const heldFen = (await this.all("settlement", "books")).reduce((sum, book) => sum + BigInt(book.bankFen), 0n);
    this.hold(heldFen === inFen - outFen, () => `the funds hold ${heldFen} fen; ${inFen} came in and ${outFen} went out`);
  }

  /** The transfers between counties, after a look whether they sum to what the tills heard of patients from elsewhere. */
  async clearing(answers: ReadonlyMap<string, Answer>): Promise<{ fromCounty: string; toCounty: string; amountFen: bigint }[]> {
    const windows = await this.all("settlement", "windows");
    const transfers = windows.flatMap((window) => window.transfers as { fromCounty: string; toCounty: string; amountFen: bigint }[]);
    const nets = new Map<string, bigint>();
    const move = (from: string, to: string, fen: bigint) => {
      nets.set(from, (nets.get(from) ?? 0n) - fen);
      nets.set(to, (nets.get(to) ?? 0n) + fen);
    };
    for (const answer of answers.values())
      if (approved(answer) && answer.homeCounty !== answer.treatingCounty) move(answer.homeCounty, answer.treatingCounty, answer.fundFen);
    for (const { fromCounty, toCounty, amountFen } of transfers) move(toCounty, fromCounty, amountFen);
    for (const [county, fen] of nets)
      this.hold(fen === 0n, () => `the clearing has left ${county} with ${fen} fen that it is owed (or owes, below zero)`);
    return transfers;
  }
}

function words(payable: Document): string {
  return `${payable._id} is ${payable.state}: ${payable.county} owes ${payable.amountFen} fen to ${payable.payee}`;
}

/** Compares the tills' files, the stored documents and the bank's books, once everything is settled. */
export async function checkFromOutside(mesh: RegionMesh): Promise<Outside> {
  const comparison = new Comparison(mesh);
  const answers = await comparison.answers();
  const books = (await askBank(mesh, "/books")) as Books;
  const orders = await comparison.promises(answers, books);
  await comparison.bank(answers, books, orders);
  await comparison.offices(books);
  return {
    claims: answers.size,
    paid: books.transactions.length,
    paidFen: books.transactions.reduce((sum, one) => sum + BigInt(one.fen), 0n),
    faults: comparison.faults,
  };
}
