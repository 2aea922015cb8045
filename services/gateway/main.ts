import { openDoor } from "../mesh/door.ts";
import { openBankDoor } from "./bank.ts";
import { openGrpc } from "./grpc.ts";

const door = await openDoor("gateway");
const [grpc, bank] = await Promise.all([openGrpc(door), openBankDoor(door)]);
door.open(() => "");
door.onRest((resting) => grpc.rest(resting));
door.closeOnSignal(async () => {
  await Promise.all([grpc.close(), bank.close()]);
});
