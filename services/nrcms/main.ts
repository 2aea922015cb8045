/** `nrcms`: the operator's command. Exit codes: 0 well, 1 a breach or a failure, 2 a wrong call. What an operator asks for goes to standard output, what went wrong to standard error. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { auditApart } from "../audit/apart.ts";
import { trailOf } from "../audit/store-trail.ts";
import { mongoUri, readTopology, type Topology } from "../mesh/topology.ts";
import { dayOf } from "../values/days.ts";
import { wordsOf } from "../values/thrown.ts";
import { addBenefitCommands } from "./benefit-commands.ts";
import { aDay } from "./command-parts.ts";
import { addEnrolCommands } from "./enrol-commands.ts";
import { addEstimateCommand } from "./estimate-commands.ts";
import { addFundCommands } from "./fund-commands.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { addHouseholdCommands } from "./household-commands.ts";
import type { Ordered } from "./orders.ts";
import { addPaperCommands } from "./paper-commands.ts";
import { addPaymentCommands } from "./payment-commands.ts";
import { addReconcileCommands } from "./reconcile-commands.ts";
import { addReviewCommands } from "./review-commands.ts";
import { addWindowCommands } from "./window-commands.ts";

const startedMs = performance.now();

const program = new Command("nrcms")
  .description(
    "新农合平台运维命令；运行目录取自 NRCMS_RUN，默认为代码旁的 .run。\nRuns and looks after the mesh. The run directory is NRCMS_RUN, or .run beside the code.",
  )
  .showHelpAfterError()
  .configureOutput({ outputError: (text, write) => write(text) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

program
  .command("day")
  .description(
    "启动全部，导入示例地区，演示一个工作日，打印汇总与审计，保持运行\nstart everything, import the sample region, play a working day, print the summary and the audit, stay up",
  )
  .option("--once", "审计后结束，退出码 0 或 1 · end after the audit, with exit code 0 or 1")
  .option("--fresh", "询问后清除以前的数据 · forget what an earlier run stored, after asking")
  .option("--yes", "不询问 · do not ask")
  .action(async (options: { once?: boolean; fresh?: boolean; yes?: boolean }) => {
    const [{ startDay }, { runDirectory, forget }] = await Promise.all([import("./start.ts"), import("./run.ts")]);
    const run = runDirectory();
    if (options.fresh) {
      if (!options.yes && !(await agreed(`Everything stored in ${run} will be removed. 确定清除？`))) return finish(2);
      await forget(run);
    }
    const clean = await startDay({ run, startedMs, once: options.once ?? false });
    if (options.once) finish(clean ? 0 : 1);
  });

program
  .command("up")
  .description(
    "启动引擎、各服务双机与模拟银行，在前台运行，直到 Ctrl-C 或 nrcms stop\nstart engines, pairs and the bank simulator, and stay in the foreground until Ctrl-C or nrcms stop",
  )
  .option(
    "--server <server>",
    "只保持这一台服务器上的部分（生产环境；证书须已在运行目录的 certs 中）· keep only what stands on this server (certificates must lie in the run directory's certs)",
  )
  .option("--topology <file>", "与 --server 同用；默认 deploy/topology.yaml · with --server; by default deploy/topology.yaml")
  .action(async (options: { server?: string; topology?: string }) => {
    if (options.server !== undefined) return await upServer(options.server, options.topology);
    const [{ startSandbox, runDirectory, REGION }, { readRegion }, { stopOnSignals }, { gatewayAddresses }] = await Promise.all([
      import("./run.ts"),
      import("./region.ts"),
      import("../../deploy/local/supervisor.ts"),
      import("./gateway-client.ts"),
    ]);
    const say = (line: string) => console.error(line);
    const supervisor = await startSandbox({
      run: runDirectory(),
      region: await readRegion(REGION),
      say,
      onSupervisor: (started) => stopOnSignals(started, say),
    });
    console.log(`up: ${supervisor.names().length} processes; gRPC at ${gatewayAddresses(supervisor.topology).join(", ")}`);
  });

program
  .command("status")
  .description(
    "各双机的模式、主备、积压与搁置，各引擎及其主节点\nevery pair with its twins, mode, who is active, lag and parked inputs; the engines and their leaders",
  )
  .option("--json", "机器可读 · machine-readable")
  .action(async (options: { json?: boolean }) => {
    const { meshStatus, statusTable, isHealthy } = await import("./status.ts");
    const { run, topology } = await inForce();
    const status = await meshStatus(topology, run);
    console.log(options.json ? json(status) : statusTable(status));
    finish(isHealthy(status) ? 0 : 1);
  });

program
  .command("import")
  .description(
    "把一个文件夹的地区数据导入运行中的平台（格式见 deploy/sandbox/region/README.md）\nbring a folder of region files into the running mesh (formats: deploy/sandbox/region/README.md)",
  )
  .argument("<folder>")
  .option("--skip-bad", "跳过有误的行，导入其余 · import the good rows although others are bad")
  .option("--dry-run", "只读取并报告 · read and report only")
  .option("--json", "机器可读的报告 · machine-readable report")
  .action(async (folder: string, options: { skipBad?: boolean; dryRun?: boolean; json?: boolean }) => {
    const { importFolder } = await import("./import.ts");
    const { run, topology } = await inForce();
    finish(await importFolder(folder, topology, run, options));
  });

program
  .command("trace")
  .description(
    "一张补偿单经过各服务的路径、时间与追踪号，取自日志\na claim's way through the services with times, from the journals, and its trace id",
  )
  .argument("<claim>")
  .option("--json", "机器可读 · machine-readable")
  .action(async (claim: string, options: { json?: boolean }) => {
    const { topology } = await inForce();
    const steps = await trailOf(mongoUri(topology), claim);
    const { trailTable } = await import("./trail.ts");
    if (options.json) console.log(json(steps));
    else if (steps.length > 0) console.log(trailTable(claim, steps));
    if (steps.length === 0) console.error(`没有补偿单 ${claim} / no journal knows ${claim}`);
    finish(steps.length > 0 ? 0 : 1);
  });

addBenefitCommands(program, { inForce, json, finish });
addEnrolCommands(program, { inForce, json, finish });
addHouseholdCommands(program, { inForce, json, finish });
addEstimateCommand(program, { inForce, json, finish });
addFundCommands(program, { inForce, json, finish });
addPaperCommands(program, { inForce, json, finish });
addPaymentCommands(program, { inForce, json, finish });
addReconcileCommands(program, { inForce, json, finish });
addReviewCommands(program, { inForce, json, finish });
addWindowCommands(program, { inForce, json, finish });

program
  .command("audit")
  .description(
    "从存储的文档重算每条不变式；有差错时退出码为 1\nrecompute every invariant from the stored documents; exits with 1 on any breach",
  )
  .option("--json", "机器可读 · machine-readable")
  .option(
    "--settled",
    "平台空闲：各服务之间须完全一致 · the mesh is idle: nothing is on its way, every service must agree with every other",
  )
  .option("--last", "最近一次夜间审计的结果或进度 · what the last nightly audit has found, or how far it is")
  .option("--day <day>", "与 --last 同用：哪一夜 · with --last: of which night", aDay)
  .action(async (options: { json?: boolean; settled?: boolean; last?: boolean; day?: string }) => {
    if (options.last) return await showNight(options);
    const { auditTable, isClean } = await import("./summary.ts");
    const { topology } = await inForce();
    const { lines, peakRssBytes } = await auditApart({
      uri: mongoUri(topology),
      nowMs: Date.now() + topology.clock_offset_ms,
      settled: options.settled ?? false,
      background: false,
      onProgress: ({ invariant, checked }) => {
        if (process.stderr.isTTY) process.stderr.write(`\r不变式 invariant ${invariant}/9: ${checked}   `);
      },
    });
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
    const memory = `内存峰值 peak memory ${Math.round(peakRssBytes / 1_048_576)} MB`;
    console.log(options.json ? json(lines) : `${dayOf(Date.now() + topology.clock_offset_ms)}\n${auditTable(lines)}\n${memory}`);
    finish(isClean(lines) ? 0 : 1);
  });

program
  .command("switchover")
  .description(
    "把一个服务的主用交给另一机，不丢一次调用\nhand a service's lead over to its other twin, without a failed call; also the word that a takeover waits for",
  )
  .argument("<service>")
  .option("--to <twin>", "a 或 b；默认为现在的备机 · a or b; by default the one that does not lead")
  .option("--rehearse", "只演练 · say what would be ordered, and order nothing")
  .option("--json", "机器可读 · machine-readable")
  .action(async (service: string, options: { to?: string; rehearse?: boolean; json?: boolean }) => {
    const { switchover } = await import("./orders.ts");
    await orderAs(options, (operator) => switchover(operator, service, options.to ?? "", options.rehearse ?? false));
  });

program
  .command("drain")
  .description(
    "让一台服务器的各机退出工作，以便维护；对端承担全部\nput all twins of a server at rest, so that it may be maintained; their peers do the work",
  )
  .argument("<server>")
  .option("--rehearse", "只演练 · say what would be ordered, and order nothing")
  .option("--force", "对端不能承担也退出（须键入服务器名）· although the other server cannot do the work (asks for the name typed)")
  .option("--json", "机器可读 · machine-readable")
  .action(async (server: string, options: { rehearse?: boolean; force?: boolean; json?: boolean }) => {
    const { drain } = await import("./orders.ts");
    const force = options.force ? await typed(`要强制退出，请键入服务器名 to drain it in any case, type the server's name: `) : "";
    await orderAs(options, async (operator, topology) => {
      const ordered = await drain(operator, server, force, options.rehearse ?? false);
      if (!options.rehearse) await handOverEngines(topology, server);
      return ordered;
    });
  });

program
  .command("resume")
  .description("结束一台服务器的维护\nend a server's rest: its twins work again")
  .argument("<server>")
  .option("--json", "机器可读 · machine-readable")
  .action(async (server: string, options: { json?: boolean }) => {
    const { resume } = await import("./orders.ts");
    await orderAs(options, (operator) => resume(operator, server));
  });

program
  .command("apply")
  .description(
    "按拓扑文件下达各双机的模式、接管、回切与首选；中断后再次执行即可接续\norder each pair's mode, takeover, failback and preferred twin as the topology file says; one that was interrupted is simply begun again",
  )
  .argument("[file]", "默认 deploy/topology.yaml · by default deploy/topology.yaml")
  .option("--json", "机器可读 · machine-readable")
  .action(async (file: string | undefined, options: { json?: boolean }) => {
    const [{ apply }, { TOPOLOGY }] = await Promise.all([import("./orders.ts"), import("./run.ts")]);
    const text = readFileSync(file ?? TOPOLOGY, "utf8");
    await orderAs(options, (operator) =>
      apply(operator, text, ({ service, changes, version }) => console.error(`${service} #${version}: ${changes.join(", ")}`)),
    );
  });

program
  .command("upgrade")
  .description(
    "滚动升级：逐台服务器退出工作、以磁盘上的新版本重启、恢复工作；不停业务\nroll the release that lies on the disk out, one server after the other: at rest, started again, back to work; nothing stops",
  )
  .option("--yes", "不询问 · do not ask")
  .action(async (options: { yes?: boolean }) => {
    const [{ upgrade, releaseOnDisk }, { people }, { readTable }] = await Promise.all([
      import("./upgrade.ts"),
      import("./people.ts"),
      import("../../deploy/local/leftovers.ts"),
    ]);
    const { run, topology } = await inForce();
    const only = readTable(run)?.server;
    if (
      !options.yes &&
      !(await agreed(
        `${only ?? "各服务器"} 将依次重启为 ${releaseOnDisk()}. ${only ?? "Every server"} will be started again${only ? "" : " in turn"}. 确定？`,
      ))
    )
      return finish(2);
    const who = people(topology, run);
    try {
      await upgrade({ operator: who.as("operator"), topology, runOf: () => run, only, say: (line) => console.error(line) });
    } finally {
      who.close();
    }
    finish(0);
  });

program
  .command("stop")
  .description("在 10 秒内停止运行目录上的平台\nstop the mesh that runs on the run directory, within 10 s")
  .action(async () => {
    const { stopRun, runDirectory } = await import("./run.ts");
    console.log((await stopRun(runDirectory())) ? "已停止 stopped" : "没有在运行 nothing runs");
    finish(0);
  });

/** Keeps one server's part of the mesh in the foreground. What runs outlives a supervisor that is killed, and is adopted by the one that follows it. */
async function upServer(server: string, file: string | undefined): Promise<void> {
  const [{ startServer, runDirectory, TOPOLOGY }, { stopOnSignals }, { say }] = await Promise.all([
    import("./run.ts"),
    import("../../deploy/local/supervisor.ts"),
    import("../../deploy/local/logs.ts"),
  ]);
  const supervisor = startServer({ run: runDirectory(), topology: readTopology(file ?? TOPOLOGY), server, say });
  stopOnSignals(supervisor, say);
  await supervisor.start();
  console.log(`up: ${server}: ${supervisor.names().join(", ")}`);
}

async function inForce(): Promise<{ run: string; topology: Topology }> {
  const { runDirectory, topologyInForce, whyNotRunning } = await import("./run.ts");
  const run = runDirectory();
  const topology = topologyInForce(run);
  if (!topology) throw new Error(`${run} 从未启动过 / nothing was ever started on ${run}: npm start, nrcms up`);
  const reason = whyNotRunning(run, topology);
  if (reason) throw new Error(reason);
  return { run, topology };
}

/** A nightly audit as monitoring has recorded it. Exits with 1 where it has not ended, or has found something. */
async function showNight({ day = "", json: asJson }: { day?: string; json?: boolean }): Promise<void> {
  const [{ people }, { nightOf, nightText }] = await Promise.all([import("./people.ts"), import("./nights.ts")]);
  const { run, topology } = await inForce();
  const who = people(topology, run);
  try {
    const night = await nightOf(who.as("operator"), day);
    console.log(asJson ? json(night) : nightText(night));
    finish(night.clean ? 0 : 1);
  } finally {
    who.close();
  }
}

/** Runs one order with the operator's certificate, shows what stands and how long the pairs took. */
async function orderAs(
  options: { json?: boolean; rehearse?: boolean },
  order: (operator: GatewayClient, topology: Topology) => Promise<Ordered>,
): Promise<void> {
  const [{ people }, { ordersTable }] = await Promise.all([import("./people.ts"), import("./orders.ts")]);
  const { run, topology } = await inForce();
  const who = people(topology, run);
  try {
    const { orders, tookMs } = await order(who.as("operator"), topology);
    if (options.json) console.log(json({ orders, tookMs, rehearsal: options.rehearse ?? false }));
    else if (orders.length > 0) console.log(ordersTable(orders));
    if (options.rehearse) console.error("演练，未下令 a rehearsal: nothing was ordered");
    else console.error(tookMs === undefined ? "无须更改 nothing to change" : `完成 done in ${Math.round(tookMs)} ms`);
  } finally {
    who.close();
  }
  finish(0);
}

/** The engines of a server that rests lead nothing either, so that they can be stopped. Engines that somebody else keeps are theirs to move. */
async function handOverEngines(topology: Topology, server: string): Promise<void> {
  const [{ handOverPrimary }, { handOverLeaders }] = await Promise.all([
    import("../../deploy/local/mongo-hand-over.ts"),
    import("../../deploy/local/nats.ts"),
  ]);
  const [primary, leaders] = await Promise.all([handOverPrimary(topology, server), handOverLeaders(topology, server)]);
  if (primary) console.error(`MongoDB: ${primary.from} → ${primary.to}`);
  if (leaders > 0) console.error(`NATS: ${leaders} 个流与消费者换主 streams and consumers have another leader`);
}

async function typed(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Where nobody can answer, the input ends, and the question would wait for ever.
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const answer = await Promise.race([lines.question(question), ended]);
  lines.close();
  return answer.trim();
}

async function agreed(question: string): Promise<boolean> {
  return /^(y|yes|是)$/i.test(await typed(`${question} [y/N] `));
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? part.toString() : part), 2);
}

/** Ends the process once what was printed has left it. */
function finish(code: number): void {
  process.exitCode = code;
  process.stdout.write("", () => process.exit(code));
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(wordsOf(error));
  if (process.env.NRCMS_LOG === "debug" && error instanceof Error) console.error(error.stack);
  finish(1);
}
