import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../../deploy/local/binaries.ts";
import { readTopology } from "../../../services/mesh/topology.ts";
import { processesOf, releaseOnDisk, whyNotFollow } from "../../../services/nrcms/upgrade.ts";

test.each([
  ["0.1.0", "0.1.0", ""],
  ["0.1.0", "0.1.7", ""],
  ["0.1.3", "0.2.0", ""],
  ["0.9.0", "1.0.0", ""],
  ["0.1.0", "0.3.0", "skips a release"],
  ["0.1.0", "1.1.0", "skips a release"],
  ["1.0.0", "3.0.0", "skips a release"],
  ["0.2.0", "0.1.9", "is older than 0.2.0"],
  ["1.0.0", "0.9.0", "is older than 1.0.0"],
  ["", "0.1.0", "no step between releases"],
  ["0.1.0", "next", "no step between releases"],
])("from %s to %s: %s", (running, disk, why) => {
  expect(whyNotFollow(running, disk)).toContain(why.replace("no step", "not a step"));
  expect(whyNotFollow(running, disk) === "").toBe(why === "");
});

test("the release on the disk is the package's", () => {
  expect(releaseOnDisk()).toMatch(/^\d+\.\d+\.\d+$/);
});

test("a server's processes are its twins, its guardian and its engines", () => {
  const topology = readTopology(join(ROOT, "deploy", "topology.yaml"));
  expect(processesOf(topology, "server-b").programs).toEqual([
    ...["enrollment.b", "claims.b", "settlement.b", "payment.b", "monitoring.b", "administration.b", "gateway.b"],
    "guardian.server-b",
  ]);
  expect(processesOf(topology, "server-b").engines).toEqual(["nats-b", "mongo-b"]);
  expect(processesOf(topology, "witness")).toEqual({ programs: ["guardian.witness"], engines: ["nats-w", "mongo-w"] });
});
