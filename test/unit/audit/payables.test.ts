import { describe } from "vitest";
import { planted } from "./planted.ts";
import { drop, HOME, NOW, pick, type Sample, set } from "./sample.ts";

const C1 = "claim/C1/decision/1";
const C2 = "claim/C2/decision/1";
const C7 = "claim/C7/decision/1";

const SHARE = "second/640424/2011/C1";

/** C7 was taken back before it was paid. */
function voided({ claims, payables }: Sample, state: "CANCELLED" | "DUE"): void {
  set(claims, "C7", { state: "VOIDED", reason: "taken back" });
  set(payables, C7, { state, adjustedFen: -50_000n });
}

/** C7's payable was taken out of its order. */
function withdrawn({ dues, orders }: Sample): void {
  const order = pick(orders, pick(dues, C7).orderId);
  set(orders, order._id, { payables: order.payables.filter(({ payableId }) => payableId !== C7) });
  set(dues, C7, { state: "WITHDRAWN", orderId: "" });
}

/** C1's household has got 300 fen, which are owed. */
function withSecond({ claims, seconds, sharePages, payables, dues }: Sample): void {
  set(claims, "C1", { sharedFen: 300n });
  const common = { county: HOME, year: 2011, plan: 1, claims: 1, borneFen: 100_000n, contentHash: "", plannedBy: "a", approvedBy: "b" };
  const fens = { potFen: 300n, sharedFen: 300n, grantedFen: 300n, pages: 1, granted: 1 };
  seconds.push({ _id: "640424/2011", ...common, ...fens, state: "GRANTED" });
  const share = { claimId: "C1", personId: "6404240000001701", borneFen: 100_000n, shareFen: 300n };
  sharePages.push({ _id: "640424/2011/1/1", county: HOME, granted: true, shares: [share] });
  const payable = pick(payables, C1);
  const { paidBy: _, ...due } = {
    ...payable,
    _id: SHARE,
    payableId: SHARE,
    amountFen: 300n,
    payee: "64042400000017",
    claimId: "",
    paidBy: "",
  };
  payables.push({ ...due, paidBy: "", state: "DUE" });
  dues.push({
    ...pick(dues, C7),
    _id: SHARE,
    payableId: SHARE,
    county: HOME,
    amountFen: 300n,
    payeeId: "64042400000017",
    claimId: "",
    state: "NO_ACCOUNT",
    orderId: "",
  });
}

/** C1 was handed in on paper: its household is paid. */
function onPaper({ claims, payables, dues, orders }: Sample): void {
  const payee = "64042400000017";
  const payableId = "paper/C1/decision/1";
  const { orderId } = pick(dues, C1);
  const confirmation = { confirmed: true, askedBy: "FAX", answeredBy: "x", code: "1", enteredBy: "reviewer", enteredOn: "2011-11-25" };
  set(claims, "C1", { paper: { submittedBy: "clerk", confirmation }, bill: { ...pick(claims, "C1").bill, institutionId: "" } });
  set(payables, C1, { _id: payableId, payableId, payee });
  set(dues, C1, { _id: payableId, payableId, payeeId: payee });
  const part = { ...pick(orders, orderId).payables[0], payableId };
  set(orders, orderId, { payeeId: payee, payables: [part] });
  for (const rows of [payables, dues]) rows.sort((a, b) => (a._id < b._id ? -1 : 1));
}

describe("2: approval, payable, due, order", () => {
  planted(2, [
    { what: "a bill on paper, paid to its household", plant: onPaper, breach: undefined },
    {
      what: "a bill on paper that is paid to another",
      plant: (sample) => {
        onPaper(sample);
        set(sample.payables, "paper/C1/decision/1", { payee: "64042400000018" });
      },
      breach: /payable paper\/C1\/decision\/1: .* to 64042400000018; the claim says .* to 64042400000017/,
    },
    {
      what: "a bill on paper whose hospital is paid",
      plant: ({ claims }) => set(claims, "C1", { paper: { submittedBy: "clerk" } }),
      breach: /payable claim\/C1\/decision\/1 is of claim C1, which is PAID/,
    },
    {
      what: "an approved claim that settlement forgot",
      plant: ({ payables }) => drop(payables, C1),
      breach: /claim C1 is PAID and has no payable claim\/C1\/decision\/1/,
    },
    {
      what: "a payable for nothing",
      plant: ({ claims }) => drop(claims, "C7"),
      breach: /payable claim\/C7\/decision\/1 is of claim C7, which is not there/,
    },
    {
      what: "a payable of a refused claim",
      plant: ({ claims }) => set(claims, "C7", { state: "REFUSED" }),
      breach: /is of claim C7, which is REFUSED/,
    },
    {
      what: "two payables of one claim",
      plant: ({ payables }) => void payables.push({ ...pick(payables, C1), _id: "claim/C1/decision/2" }),
      breach: /payable claim\/C1\/decision\/2 is of claim C1, which is PAID by decision 1/,
    },
    {
      what: "another amount",
      plant: ({ payables }) => set(payables, C1, ({ amountFen }) => ({ amountFen: amountFen + 1n })),
      breach: /640424 pays 36194 fen to H-JY-001; the claim says 640424 pays 36193/,
    },
    {
      what: "another payee",
      plant: ({ payables }) => set(payables, C2, { payee: "H-JY-001" }),
      breach: /the claim says 640521 pays 406510 fen to H-ZN-001/,
    },
    { what: "another payer", plant: ({ payables }) => set(payables, C2, { county: HOME }), breach: /the claim says 640521 pays/ },
    {
      what: "a claim that was taken back and called back",
      plant: (sample) => {
        voided(sample, "CANCELLED");
        withdrawn(sample);
      },
      breach: undefined,
    },
    {
      what: "a cancelled payable of a claim that stands",
      plant: (sample) => {
        set(sample.payables, C7, { state: "CANCELLED" });
        withdrawn(sample);
      },
      breach: /payable claim\/C7\/decision\/1 of claim C7, which is APPROVED, is CANCELLED/,
    },
    {
      what: "a recall that nobody answered",
      plant: (sample) => {
        voided(sample, "DUE");
        set(sample.payables, C7, { recall: "ASKED" });
      },
      breach: /payable claim\/C7\/decision\/1 was called back from payment, which has not answered/,
    },
    {
      what: "a cancelled payable that payment may still pay",
      plant: (sample) => voided(sample, "CANCELLED"),
      breach: /payable claim\/C7\/decision\/1 is CANCELLED, and with payment ORDERED/,
    },
    {
      what: "a promise that was set off",
      plant: ({ payables, dues, orders }) => {
        set(payables, C7, { amountFen: 49_000n, setOffFen: 1_000n });
        set(dues, C7, { amountFen: 49_000n });
        const order = pick(orders, pick(dues, C7).orderId);
        const parts = order.payables.map((part) => (part.payableId === C7 ? { ...part, amountFen: 49_000n } : part));
        set(orders, order._id, { payables: parts });
      },
      breach: undefined,
    },
    { what: "a second compensation that was granted and is owed", plant: withSecond, breach: undefined },
    {
      what: "a share that settlement forgot",
      plant: (sample) => {
        withSecond(sample);
        drop(sample.payables, SHARE);
      },
      breach: /share second\/640424\/2011\/C1: granted is 640424 owes 300 fen to 64042400000017; the payable says nothing/,
    },
    {
      what: "a share that nobody granted",
      plant: (sample) => {
        withSecond(sample);
        sample.sharePages.splice(0);
      },
      breach: /claim C1 has had 300 fen of second compensation, the granted page says none/,
    },
    {
      what: "a share that its claim forgot",
      plant: (sample) => {
        withSecond(sample);
        const { sharedFen: _, ...claim } = pick(sample.claims, "C1");
        sample.claims[sample.claims.findIndex(({ _id }) => _id === "C1")] = claim as (typeof sample.claims)[number];
      },
      breach: /claim C1 has had no fen of second compensation, the granted page says 300/,
    },
    {
      what: "more than the pot",
      plant: (sample) => {
        withSecond(sample);
        Object.assign(sample.seconds[0] ?? {}, { potFen: 299n });
      },
      breach: /second compensation 640424\/2011, GRANTED, has granted 300 of 300 fen, its pot is 299/,
    },
    {
      what: "a payable that payment never got",
      plant: ({ dues }) => drop(dues, C7),
      breach: /payable claim\/C7\/decision\/1 of 50000 fen is DUE, and payment does not know it/,
    },
    {
      what: "a due that nobody promised",
      plant: ({ dues }) => void dues.push({ ...pick(dues, C7), _id: "claim/C9/decision/1" }),
      breach: /claim\/C9\/decision\/1 is with payment, and settlement has no such payable/,
    },
    {
      what: "a held payable that went to payment",
      plant: ({ payables }) => set(payables, C7, { state: "HELD" }),
      breach: /claim\/C7\/decision\/1 is held back, and with payment/,
    },
    {
      what: "a due with another amount",
      plant: ({ dues }) => set(dues, C7, { amountFen: 5n }),
      breach: /due claim\/C7\/decision\/1: 640521 pays 5 fen to H-ZN-001; the payable says/,
    },
    {
      what: "an order that is gone",
      plant: ({ orders, dues }) => drop(orders, pick(dues, C7).orderId),
      breach: /claim\/C7\/decision\/1 has 0 standing orders: none at all/,
    },
    {
      what: "a second order for the same payable",
      plant: ({ orders, dues }) => void orders.push({ ...pick(orders, pick(dues, C1).orderId), _id: "P2" }),
      breach: /claim\/C1\/decision\/1 has 2 standing orders[\s\S]*claim\/C1\/decision\/1 is paid 2 times/,
    },
    {
      what: "an order with another amount",
      plant: ({ orders, dues }) => set(orders, pick(dues, C7).orderId, { payables: [{ payableId: C7, claimId: "C7", amountFen: 1n }] }),
      breach: /for claim\/C7\/decision\/1 640521 pays 1 fen/,
    },
    {
      what: "an order for a payee that is not due",
      plant: ({ orders, dues }) => set(orders, pick(dues, C7).orderId, { payeeId: "H-XX-999" }),
      breach: /pays 50000 fen to H-XX-999; due are 50000/,
    },
    {
      what: "an order while the payable waits for one",
      plant: ({ dues }) => set(dues, C7, { state: "WAITING" }),
      breach: /claim\/C7\/decision\/1 is WAITING and has orders/,
    },
    {
      what: "a replaced order without its successor",
      plant: ({ orders, dues }) => set(orders, pick(dues, C7).orderId, { state: "REPLACED", replacedBy: "P9" }),
      breach: /is replaced by P9, which does not pay claim\/C7/,
    },
    {
      what: "a returned order and its successor",
      plant({ orders, dues }) {
        const old = pick(orders, pick(dues, C7).orderId);
        orders.push({ ...old, _id: "P9", replaces: old._id });
        Object.assign(old, { state: "REPLACED", replacedBy: "P9" });
        pick(dues, C7).orderId = "P9";
      },
      breach: undefined,
    },
    {
      what: "money paid twice",
      plant: ({ payables }) => set(payables, C1, { surplusFen: 36_193n }),
      breach: /payable claim\/C1\/decision\/1 was paid twice: 36193 fen too much/,
    },
    {
      what: "a settled order whose payable is unpaid",
      plant: ({ orders, dues }) => set(orders, pick(dues, C7).orderId, { state: "SETTLED" }),
      breach: /payable claim\/C7\/decision\/1 is DUE, its order is settled/,
    },
    {
      what: "a paid payable whose claim does not know it",
      plant: ({ claims }) => set(claims, "C1", { state: "APPROVED" }),
      breach: /claim C1 is APPROVED, its payable PAID/,
    },
    {
      what: "a paid claim whose payable is unpaid",
      plant: ({ claims }) => set(claims, "C7", { state: "PAID" }),
      breach: /claim C7 is PAID, its payable DUE/,
    },
  ]);

  const approvedAt = ({ claims, payables }: Sample, ageMs: number) => {
    pick(claims, "C7").decidedAtMs = NOW - ageMs;
    drop(payables, C7);
  };
  describe("while the mesh is busy", () => {
    planted(
      2,
      [
        {
          what: "an approval of half a minute ago is on its way",
          plant: (sample) => approvedAt(sample, 30_000),
          breach: /^claim\/C7\/decision\/1 is with payment/,
        },
        {
          what: "an approval of two minutes ago is lost",
          plant: (sample) => approvedAt(sample, 120_000),
          breach: /claim C7 is APPROVED and has no payable/,
        },
        {
          what: "a due of today is on its way",
          plant({ dues, orders }) {
            drop(orders, pick(dues, C7).orderId);
            drop(dues, C7);
          },
          breach: undefined,
        },
        {
          what: "an order that was settled today is on its way to the ledger",
          plant: ({ orders, dues }) => set(orders, pick(dues, C7).orderId, { state: "SETTLED", settledOn: "2011-11-25" }),
          breach: undefined,
        },
        {
          what: "an order that was settled yesterday is not in the ledger",
          plant: ({ orders, dues }) => set(orders, pick(dues, C7).orderId, { state: "SETTLED", settledOn: "2011-11-24" }),
          breach: /payable claim\/C7\/decision\/1 is DUE, its order is settled/,
        },
      ],
      false,
    );
  });
});
