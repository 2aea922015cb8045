/**
 * Invariant 9: every household has exactly one living head, nobody is covered twice on a day or after death, participation is what its households come to, and what was
 * received for a campaign is booked once. Households are read one by one, persons by identity number, villages are summed as they come by: there are thousands, not millions.
 */
import { dayOf, yearOf } from "../values/days.ts";
import type { Findings } from "./findings.ts";
import type { ContributionView, EnrolledView, EntryView, Flight, IdentityView, PersonCoversView, Records, TallyView } from "./records.ts";
import { joined } from "./streams.ts";

export const ENROLMENT_TITLE = {
  invariant: 9,
  zh: "每户有且只有一名在户户主；一人一日至多参合一处，死亡后无参合；参合人数与各户相符，收款入账一次",
  en: "Each household has one living head; nobody is covered twice on a day, or after death; participation is what households come to, and receipts are booked once",
} as const;

type Cover = EnrolledView["covers"][number];

export async function checkEnrolment(records: Records, flight: Flight, findings: Findings): Promise<void> {
  await checkHouseholds(records, findings);
  await checkPersons(records, findings);
  await checkReceipts(records, flight, findings);
}

async function checkHouseholds(records: Records, findings: Findings): Promise<void> {
  const counted = new Map<string, Counts>();
  for await (const household of records.enrolled()) {
    findings.look();
    checkHousehold(household, findings);
    if (household.tallied) count(household, counted);
  }
  for await (const tally of records.tallies()) {
    findings.look();
    const name = nameOf(tally.county, tally.year, tally.township, tally.village);
    const { households, heads, paying, assisted } = counted.get(name) ?? NONE;
    counted.delete(name);
    const same = tally.households === households && tally.heads === heads && tally.paying === paying && tally.assisted === assisted;
    findings.hold(
      same,
      () => `tally ${tally._id} says ${shown(tally)}, its households come to ${shown({ households, heads, paying, assisted })}`,
    );
  }
  for (const [name, counts] of counted)
    findings.hold(counts.heads === 0, () => `no tally is kept of ${name}, where ${counts.heads} are enrolled`);
}

function checkHousehold({ _id, members, former, covers }: EnrolledView, findings: Findings): void {
  const heads = members.filter(({ head }) => head).length;
  findings.hold(heads === (members.length > 0 ? 1 : 0), () => `household ${_id} has ${heads} heads among ${members.length} members`);
  findings.hold(!former.some(({ head }) => head), () => `household ${_id} has a head who is no longer there`);
  findings.hold(!members.some(({ left }) => left), () => `household ${_id} has a member who has left`);
  const all = [...members, ...former];
  findings.hold(new Set(all.map(({ memberNo }) => memberNo)).size === all.length, () => `household ${_id} has a member number twice`);
  const known = new Set(all.map(({ memberNo }) => _id + memberNo));
  findings.hold(
    covers.every(({ personId }) => known.has(personId)),
    () => `household ${_id} covers somebody who never was its member`,
  );
  for (const { memberNo, left } of former) {
    const last = left?.lastDay;
    if (last === undefined) continue;
    const beyond = covers.some((cover) => cover.personId === _id + memberNo && !isEmpty(cover) && cover.toDay > last);
    findings.hold(!beyond, () => `person ${_id}${memberNo} left with ${last} and is covered beyond`);
  }
}

async function checkPersons(records: Records, findings: Findings): Promise<void> {
  const groups = joined<{ persons: PersonCoversView; identities: IdentityView }>({
    persons: { rows: records.personCovers(), key: ({ identityNumber }) => identityNumber },
    identities: { rows: records.identities(), key: ({ _id }) => _id },
  });
  for await (const { rows } of groups) {
    findings.look();
    const [identity] = rows.identities;
    const [person] = rows.persons;
    findings.hold(
      identity !== undefined,
      () => `person ${person?.personId} is enrolled, and the register of identity numbers does not know it`,
    );
    const covers = rows.persons
      .flatMap((one) => one.covers)
      .filter((cover) => !isEmpty(cover))
      .sort((a, b) => (a.fromDay < b.fromDay ? -1 : 1));
    for (const [index, cover] of covers.entries()) {
      const next = covers[index + 1];
      const apart = next === undefined || cover.toDay < next.fromDay;
      findings.hold(apart, () => `person ${cover.personId} is covered as ${next?.personId} on ${next?.fromDay} as well`);
    }
    const last = covers.at(-1);
    const diedOn = identity?.diedOn;
    findings.hold(
      diedOn === undefined || !last || last.toDay <= diedOn,
      () => `person ${last?.personId} died on ${diedOn} and is covered until ${last?.toDay}`,
    );
    findings.hold(
      !identity || !last || last.toDay <= identity.toDay,
      () => `person ${last?.personId} is covered until ${last?.toDay}, the register of identity numbers says ${identity?.toDay}`,
    );
  }
}

/** A receipt may be on its way to the ledger on its day. */
async function checkReceipts(records: Records, flight: Flight, findings: Findings): Promise<void> {
  const groups = joined<{ receipts: ContributionView; entries: EntryView }>({
    receipts: { rows: records.contributions(), key: ({ receiptId }) => receiptId },
    entries: { rows: records.receiptEntries(), key: ({ _id }) => _id },
  });
  const today = dayOf(flight.nowMs);
  for await (const { key, rows } of groups) {
    findings.look();
    const [receipt, again] = rows.receipts;
    const [entry] = rows.entries;
    if (!receipt) {
      // What the treasurer booked without a campaign has no receipt there.
      findings.hold(!key.startsWith("contributions/"), () => `entry ${key} books a contribution that nobody has received`);
      continue;
    }
    findings.hold(again === undefined, () => `receipt ${key} is there twice`);
    const late = flight.settled || receipt.receivedOn < today;
    findings.hold(entry !== undefined || !late, () => `receipt ${key} of ${receipt.fen} fen is in no ledger`);
    const booked = entry?.lines.reduce((sum, line) => sum + line.debitFen, 0n);
    findings.hold(booked === undefined || booked === receipt.fen, () => `receipt ${key} is of ${receipt.fen} fen, ${booked} are booked`);
  }
}

interface Counts {
  readonly households: number;
  readonly heads: number;
  readonly paying: number;
  readonly assisted: number;
}

const NONE: Counts = { households: 0, heads: 0, paying: 0, assisted: 0 };

/** Each person once a year, by the first cover of it; what came along from another household is counted there. */
function count({ county, township, village, places = [], covers }: EnrolledView, counted: Map<string, Counts>): void {
  const first = new Map<string, Cover>();
  for (const cover of covers) {
    const name = `${yearOf(cover.fromDay)} ${cover.personId}`;
    if (!isEmpty(cover) && !first.has(name)) first.set(name, cover);
  }
  for (const [year, ofYear] of Map.groupBy(first.values(), ({ fromDay }) => yearOf(fromDay))) {
    const own = ofYear.filter(({ moved }) => !moved);
    const paid = own.filter(({ free }) => !free);
    const paying = paid.filter(({ category }) => category === "ORDINARY").length;
    const place = places.find(({ untilYear }) => year <= untilYear) ?? { township, village };
    const name = nameOf(county, year, place.township, place.village);
    const before = counted.get(name) ?? NONE;
    counted.set(name, {
      households: before.households + (own.length > 0 ? 1 : 0),
      heads: before.heads + own.length,
      paying: before.paying + paying,
      assisted: before.assisted + paid.length - paying,
    });
  }
}

function nameOf(county: string, year: number, township: string, village: string): string {
  return JSON.stringify([county, year, township, village]);
}

function shown({ households, heads, paying, assisted }: Counts | TallyView): string {
  return `${heads} in ${households} households (${paying} pay, ${assisted} are assisted)`;
}

function isEmpty({ fromDay, toDay }: Cover): boolean {
  return toDay < fromDay;
}
