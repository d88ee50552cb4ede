import koffi, { type LibraryHandle } from "koffi";
import type { Ranks } from "./ranks.js";

/** A pointer in Open MPI, a number in MPICH. */
type Handle = unknown;

/** The library that belongs to the `mpirun` that started this process. */
function load(): LibraryHandle {
  const names = ["libmpi.so.40", "libmpich.so.12"];
  // Open MPI's mpirun tells its processes; theirs must find its symbols in the global scope to load its parts.
  if (process.env.OMPI_COMM_WORLD_SIZE === undefined) names.reverse();
  for (const name of names) {
    try {
      return koffi.load(name, { global: true });
    } catch {} // The next one.
  }
  throw new Error(`no MPI library: none of ${names.join(", ")} (Debian and Ubuntu: apt-get install openmpi-bin)`);
}

/**
 * This process as a rank of MPI. `seconds`: how long a message may take. Then one of the ranks hangs or is busy elsewhere, and MPI
 * cannot say which; a rank that has ended is named by mpirun.
 */
export function connectMpi(seconds = 60): Ranks {
  const mpi = load();
  const [text, int, request, status] = [8192, 4, 8, 64].map((bytes) => koffi.alloc("char", bytes));
  mpi.func("int MPI_Get_library_version(void *, void *)")(text, int);
  const engine = koffi.decode.string(text).split(/[,\n]/)[0].replace(/\s+/g, " ");
  const isOpen = engine.startsWith("Open MPI");
  // These are macros in C. Open MPI converts their Fortran numbers to pointers. In MPICH they are numbers.
  const handle = (what: string, fortran: number, mpich: number): Handle =>
    isOpen ? mpi.func(`void *MPI_${what}_f2c(int)`)(fortran) : mpich;
  const type = isOpen ? "void *" : "int";
  mpi.func("int MPI_Init(void *, void *)")(null, null);
  const world = handle("Comm", 0, 0x44000000);
  const [double, sum] = [handle("Type", 17, 0x4c00080b), handle("Op", 3, 0x58000003)];
  const ask = (what: string): number => {
    mpi.func(`int MPI_Comm_${what}(${type}, void *)`)(world, int);
    return koffi.decode.int(int);
  };
  const begin = mpi.func(`int MPI_Iallreduce(void *, void *, int, ${type}, ${type}, ${type}, void *)`);
  const test = mpi.func("int MPI_Test(void *, void *, void *)");
  let [room, from, to]: [number, unknown, unknown] = [0, null, null];
  return {
    rank: ask("rank"),
    size: ask("size"),
    engine,
    allReduce(sums) {
      // Memory of C, which nothing moves while MPI works in it between two calls.
      if (room < sums.length) [room, from, to] = [sums.length, ...[0, 1].map(() => koffi.alloc("double", sums.length))];
      new Float64Array(koffi.view(from, sums.byteLength)).set(sums);
      begin(from, to, sums.length, double, sum, world, request);
      const deadline = performance.now() + 1000 * seconds;
      while (test(request, int, status) === 0 && koffi.decode.int(int) === 0) {
        if (performance.now() > deadline) {
          throw new Error(`no sums within ${seconds} s: another rank hangs, and MPI cannot say which`);
        }
      }
      sums.set(new Float64Array(koffi.view(to, sums.byteLength)));
    },
    close: () => mpi.func("int MPI_Finalize()")(),
    abort: () => mpi.func(`int MPI_Abort(${type}, int)`)(world, 1),
  };
}
