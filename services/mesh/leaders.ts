/** Which nats-server leads what, as a monitor says: every server knows it of all the streams that it keeps. */

interface Group {
  readonly name: string;
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly { readonly name: string; readonly current?: boolean }[] };
}
interface Stream extends Group {
  readonly consumer_detail?: readonly Group[];
}
export interface Details {
  readonly account_details?: readonly { readonly stream_detail?: readonly Stream[] }[];
}

export const DETAILS_PATH = "/jsz?streams=true&consumers=true";

export function streamsIn({ account_details: accounts = [] }: Details): readonly Stream[] {
  return accounts.flatMap((account) => account.stream_detail ?? []);
}

/** The JetStream subjects on which each stream and consumer that this server leads is asked for another leader; consumers before their streams. */
export function stepDownsOf(name: string, details: Details): string[] {
  const leads = ({ cluster }: Group) => cluster?.leader === name;
  return streamsIn(details).flatMap((stream) => [
    ...(stream.consumer_detail ?? []).filter(leads).map((consumer) => `$JS.API.CONSUMER.LEADER.STEPDOWN.${stream.name}.${consumer.name}`),
    ...(leads(stream) ? [`$JS.API.STREAM.LEADER.STEPDOWN.${stream.name}`] : []),
  ]);
}

/** What goes with such a request: who should lead instead. */
export function preferredLeader(name: string): string {
  return JSON.stringify({ placement: { preferred: name } });
}
