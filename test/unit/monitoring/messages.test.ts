import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { messages } from "../../../services/monitoring/messages.ts";

/** The events of every contract: the messages whose comment calls them a FACT or a STATE. */
function eventsOfContracts(): string[] {
  const contracts = readdirSync("proto/nrcms", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".proto"));
  return contracts.flatMap((name) => {
    const [folder] = name.split("/");
    // The vocabulary that the mesh shares has one event, which administration tells.
    const service = folder === "values" ? "administration" : folder;
    const text = readFileSync(`proto/nrcms/${name}`, "utf8");
    return [...text.matchAll(/^\/\/ (?:FACT|STATE)\b.*\n(?:\/\/.*\n)*message (\w+)/gm)].map(([, event]) => `${service}.${event}`);
  });
}

it("hears every event of every contract, none twice, and keeps no entry for any", () => {
  const heard = messages.map(({ source, event }) => `${source}.${event}`);
  expect(heard.toSorted()).toEqual(eventsOfContracts().toSorted());
  expect(messages.every(({ record }) => record === "own")).toBe(true);
});
