/** Every method that the contracts offer to the outside, found in the contracts themselves. */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { MonitoringServiceDefinition } from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import { PaymentServiceDefinition } from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { SettlementServiceDefinition } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { accessOf, serviceOf } from "../mesh/access.ts";
import type { ServiceDefinition } from "../mesh/wiring.ts";

const CONTRACTS: readonly ServiceDefinition[] = [
  EnrollmentServiceDefinition,
  ClaimsServiceDefinition,
  SettlementServiceDefinition,
  PaymentServiceDefinition,
  MonitoringServiceDefinition,
  AdministrationServiceDefinition,
];

export interface PublicService {
  /** nrcms.claims.v1.ClaimsService */
  readonly fullName: string;
  /** claims */
  readonly service: string;
  readonly methods: readonly ServiceDefinition["methods"][string][];
}

export const publicServices: readonly PublicService[] = CONTRACTS.map((definition) => ({
  fullName: definition.fullName,
  service: serviceOf(definition),
  methods: Object.values(definition.methods).filter((method) => accessOf(method).public),
})).filter((service) => service.methods.length > 0);
