/**
 * Who may import whom. Each rule is an error, and test/unit/local/import-rules.test.ts plants one offence against each to see it fire.
 * The parser is swc: TypeScript 7 has no API, and without a parser that works no import is found and every rule holds for nothing.
 */
const MESH_NATS = "^services/mesh/(bus|stream|serve-messages)[.]ts$";

/** What a process begins with: the services, what they run apart, and the command line. */
const PROGRAMS = [
  "^services/[^/]+/main[.]ts$",
  "^services/(claims/(estimate|rule-night)|payment/bank/apart)/(main|worker)[.]ts$",
  "^services/nrcms/",
];

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "values-import-nothing",
      comment: "The shared vocabulary is pure: it knows neither Node nor a package.",
      severity: "error",
      from: { path: "^services/values/" },
      to: { pathNot: "^services/values/" },
    },
    {
      name: "domain-imports-its-own-and-values",
      comment: "Decisions are pure: a domain knows itself, the vocabulary and what a scheme pays (and node:crypto, for hashes).",
      severity: "error",
      from: { path: "^services/([^/]+)/domain/" },
      to: { pathNot: ["^services/$1/domain/", "^services/(values|benefit|rules)/", "^crypto$"] },
    },
    {
      name: "benefit-is-pure",
      comment:
        "What a scheme is and pays: a library of plain functions. Only the reader of its documents knows how YAML is read, and no decision knows that reader.",
      severity: "error",
      from: { path: "^services/benefit/", pathNot: "scheme-file[.]ts$" },
      to: { pathNot: "^services/(benefit(?!/scheme-file)|values)/" },
    },
    {
      name: "rules-are-pure",
      comment:
        "What a review rule is and finds: a library of plain functions, as benefit is. Its documents are read, and stored claims found and looked through, by one file each.",
      severity: "error",
      from: { path: "^services/rules/", pathNot: "(rules-file|store|stored)[.]ts$" },
      to: { pathNot: "^services/(rules(?!/(rules-file|store|stored))|benefit(?!/scheme-file)|values)/" },
    },
    {
      name: "documents-are-read-at-the-edge",
      severity: "error",
      from: { path: "^services/[^/]+/domain/" },
      to: { path: "^services/(benefit/scheme-file|rules/(rules-file|store|stored))[.]ts$" },
    },
    {
      name: "mesh-knows-no-service",
      severity: "error",
      from: { path: "^services/mesh/" },
      to: { path: "^(services|deploy)/", pathNot: "^services/(mesh|values)/" },
    },
    {
      name: "services-are-strangers",
      comment: "Services speak by contract. Benefit is a library for all, the audit one for monitoring and for nrcms.",
      severity: "error",
      from: { path: "^services/([^/]+)/", pathNot: "^services/(mesh|values)/" },
      to: { path: "^services/", pathNot: ["^services/$1/", "^services/(mesh|values|benefit|rules)/", "^services/audit/"] },
    },
    {
      name: "audit-is-read-by-monitoring-and-nrcms",
      severity: "error",
      from: { path: "^services/", pathNot: "^services/(audit|monitoring|nrcms)/" },
      to: { path: "^services/audit/" },
    },
    {
      name: "contracts-stop-at-the-edge",
      comment: "Generated code is known to calls, messages, main, the mesh, the doors, and nobody behind them.",
      severity: "error",
      from: {
        path: "^services/",
        pathNot: [
          "^services/[^/]+/((pair-|scheme-|estimate-|admission-|second-|application-|report-|paper-|review-|rule-|attachment-|window-|withheld-|member-|campaign-|cover-)?calls|answers|messages|main)[.]ts$",
          "^services/(mesh|nrcms|gateway)/",
        ],
      },
      to: { path: "^proto/generated/" },
    },
    {
      name: "edges-are-opened-by-main",
      severity: "error",
      from: { path: "^services/", pathNot: "^services/[^/]+/main[.]ts$" },
      to: {
        path: "^services/[^/]+/((pair-|scheme-|estimate-|admission-|second-|application-|report-|paper-|review-|rule-|attachment-|window-|withheld-|member-|campaign-|cover-)?calls|messages|main)[.]ts$",
      },
    },
    {
      name: "mongodb-stays-in-the-stores",
      severity: "error",
      from: {
        pathNot: [
          "^services/mesh/store[^/]*[.]ts$",
          "^services/audit/store[^/]*[.]ts$",
          "^services/rules/store[.]ts$",
          "^deploy/local/(mongo|mongo-member|mongo-hand-over|elsewhere)[.]ts$",
          "^services/guardian/members[.]ts$",
          "^test/",
          "^node_modules/",
        ],
      },
      to: { path: "(^|/)node_modules/(mongodb|bson)/" },
    },
    {
      name: "nats-stays-in-the-bus",
      severity: "error",
      from: { pathNot: [MESH_NATS, "^deploy/local/(nats|elsewhere|supervisor)[.]ts$", "^test/", "^node_modules/"] },
      to: { path: "(^|/)node_modules/(@nats-io|nats)/" },
    },
    {
      name: "grpc-stays-at-the-doors",
      severity: "error",
      from: { pathNot: ["^services/gateway/", "^services/nrcms/gateway-client[.]ts$", "^deploy/sandbox/", "^test/", "^node_modules/"] },
      to: { path: "(^|/)node_modules/(@grpc|grpc-health-check)/" },
    },
    {
      name: "telemetry-stays-in-one-file",
      severity: "error",
      from: { pathNot: ["^services/mesh/telemetry[.]ts$", "^node_modules/"] },
      to: { path: "(^|/)node_modules/@opentelemetry/" },
    },
    {
      name: "product-never-imports-tests",
      severity: "error",
      from: { path: "^(services|deploy)/" },
      to: { path: "^test/" },
    },
    {
      name: "services-never-import-the-sandbox",
      severity: "error",
      from: { path: "^(services|deploy/local)/" },
      to: { path: "^deploy/sandbox/" },
    },
    {
      name: "only-nrcms-deploys",
      severity: "error",
      from: { path: "^services/", pathNot: "^services/nrcms/" },
      to: { path: "^deploy/" },
    },
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-dead-files",
      comment: "Every file of a service is reached from a program or from a test.",
      severity: "error",
      from: {
        path: [...PROGRAMS, "^(deploy|test)/"],
      },
      to: {
        path: "^services/",
        pathNot: PROGRAMS,
        reachable: false,
      },
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "product-needs-no-development-package",
      severity: "error",
      from: { path: "^(services|deploy)/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: ["(^|/)node_modules/", "^proto/generated/"] },
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".mjs", ".cjs", ".js", ".json"],
    },
  },
};
