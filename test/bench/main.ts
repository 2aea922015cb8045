/** `npm run bench`: what is measured here is printed, good or bad; nothing about time is asserted. */
import { Command } from "commander";
import { benchAdjudicate } from "./adjudicate.ts";
import { type AuditOptions, benchAudit } from "./audit.ts";
import { benchEstimate, type EstimateOptions } from "./estimate.ts";
import { benchLedger, type LedgerOptions } from "./ledger.ts";
import { benchMesh, type MeshOptions } from "./mesh.ts";
import { benchPoison, type PoisonOptions } from "./poison.ts";
import { benchRules } from "./rules.ts";

const program = new Command("bench");
program
  .command("mesh", { isDefault: true })
  .description("claims per second through the whole mesh, from submission to paid and posted, with what each costs; about 3 minutes")
  .option("--claims <n>", "claims at 512 in flight", "6000")
  .option("--no-naive", "leave out the run with group commit switched off")
  .option("--guardians", "with a guardian on each machine")
  .option("--json <file>", "also write the figures to a file")
  .action((options: MeshOptions) => benchMesh(options));
program
  .command("adjudicate")
  .description("claims per second and core of the pure adjudication: bills of 20 lines, with the full trace and without it")
  .option("--seconds <n>", "how long each is measured", "5")
  .option("--json", "as JSON")
  .action((options: { seconds: string; json?: boolean }) => benchAdjudicate(Number(options.seconds), options.json ?? false));
program
  .command("ledger")
  .description(
    "entries per second of the ledger's one writer in large batches, and its ratio to insertMany of the same documents in the same run",
  )
  .option("--entries <n>", "how many approvals are posted", "20000")
  .option("--batch <n>", "most inputs in one transaction", "400")
  .option("--json", "as JSON")
  .action((options: LedgerOptions) => benchLedger(options));
program
  .command("audit")
  .description("documents per second of the audit over a province's claims in a real mongod, and the most memory that it had resident")
  .option("--claims <n>", "how many claims, with all that follows from them", "1000000")
  .option("--json", "as JSON")
  .action((options: AuditOptions) => benchAudit(options));
program
  .command("rules")
  .description("the review rules over a seeded year with planted cases: precision and recall of each, and claims per second on one core")
  .option("--persons <n>", "persons without anything to find", "20000")
  .action((options: { persons: string }) => benchRules(Number(options.persons)));
program
  .command("estimate")
  .description(
    "claims per second and core of the cost estimation, and the whole of a county's year out of a real mongod, with its progress",
  )
  .option("--insured <n>", "how many are insured; two claims each", "160000")
  .option("--threads <list>", "with so many threads, one run after the other", "1,2")
  .option("--seconds <n>", "how long the work on one core is measured", "5")
  .option("--json", "as JSON")
  .action((options: EstimateOptions) => benchEstimate(options));
program
  .command("poison")
  .description("what inputs that throw or end the process cost the others, under half of the load that the twins can bear; about 3 minutes")
  .option("--inputs <n>", "how many are sent each time; a hundredth of them is poison", "4000")
  .option("--json", "as JSON")
  .action((options: PoisonOptions) => benchPoison(options));
await program.parseAsync();
