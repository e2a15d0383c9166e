//! The form of `rules/catalog/*.toml` and of the user's `[[tool.tailspike.call]]` entries.

use schemars::JsonSchema;
use serde::Deserialize;

/// What kind of blocking a call does; each kind belongs to one `blocking-*` rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the rules' pages explain the kinds")]
pub enum Blocks {
    Sleep,
    Http,
    Dns,
    Subprocess,
    Database,
    Sdk,
    Wait,
    File,
    Cpu,
}

impl Blocks {
    /// Every kind, heaviest first: a call site that reaches several is reported for the first.
    pub const BY_WEIGHT: [Self; 9] = [
        Self::Sleep,
        Self::Http,
        Self::Sdk,
        Self::Database,
        Self::Subprocess,
        Self::Dns,
        Self::Wait,
        Self::File,
        Self::Cpu,
    ];
}

/// How long such a call stalls the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// Microseconds (`stat`, `mkdir`): silent unless `--pedantic`.
    Micro,
    /// Depends on an input that is mostly small (`json.load`, `re.compile`): severity low unless the size is known.
    Small,
    /// Milliseconds (a local file, a database on this machine, known CPU work).
    Medium,
    /// Tens of milliseconds to minutes (network, subprocess, sleep).
    High,
}

/// What a library call means for the flow of control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Runs several awaitables at once and waits for all (`asyncio.gather`, `asyncio.wait`, `as_completed`, `tqdm.gather`).
    FanOut,
    /// Like `fan-out`, and bounds how many run (`aiometer.run_on_each`, `aioitertools.gather(limit=)`).
    BoundedFanOut,
    /// Starts one awaitable beside the caller and returns at once (`create_task`, `start_soon`).
    Spawn,
    /// Runs a sync callable in a thread or process (`to_thread`, `run_in_executor`, `submit`); gives an awaitable or future.
    Offload,
    /// Runs a sync callable later on the loop's thread (`call_soon`, `add_done_callback`).
    LoopCallback,
    /// Runs a coroutine to its end on a loop of its own (`asyncio.run`, `run_until_complete`).
    RunLoop,
    /// Sleeps without blocking (`asyncio.sleep`).
    AsyncSleep,
    /// Bounds the time of the awaitable it is given or of the block it opens (`wait_for`, `timeout`, `fail_after`).
    Deadline,
    /// A decorator or policy that retries (`tenacity.retry`, `backoff.on_exception`).
    Retry,
    /// A decorator that remembers results (`functools.lru_cache`).
    Memoize,
    /// A decorator that makes the function an event or request handler on the loop (`app.get`, `bot.event`).
    Handler,
    /// A decorator that runs the function in a thread of its own (`sync_to_async`).
    OffloadDecorator,
    /// A decorator that makes the function a start-up step or CLI command: runs once (`click.command`, `app.on_event`).
    Once,
    /// A decorator that leaves the function as it is (`functools.wraps(f)`, `staticmethod`).
    Transparent,
    /// Writes a log line.
    Log,
}

/// What the argument at `callable` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// One awaitable: a coroutine object, a future (`create_task(f(x))`).
    Awaitable,
    /// A collection of awaitables (`asyncio.wait(tasks)`).
    Awaitables,
    /// Awaitables from that position on (`gather(a, b)`, `gather(*many)`).
    Spread,
    /// A function, whose arguments follow (`start_soon(f, x)`, `to_thread(f, x)`).
    Function,
    /// A collection of functions without arguments (`aiometer.run_all`).
    Functions,
    /// A function that is called with each item of the collection after it (`executor.map(f, items)`).
    Mapped,
}

/// What a class is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Is {
    /// Bounds how many enter (`asyncio.Semaphore`, `CapacityLimiter`); `size` names the argument that holds the bound.
    Limiter,
    /// Bounds the rate, not the number (`aiolimiter.AsyncLimiter`).
    RateLimiter,
    /// A mutual exclusion of threads (`threading.Lock`).
    ThreadLock,
    /// A mutual exclusion of tasks (`asyncio.Lock`).
    AsyncLock,
    /// A task group or nursery.
    TaskGroup,
    /// A queue; `size` names the argument that bounds it.
    Queue,
    /// A client that owns a pool of connections.
    Client,
    /// An executor of threads or processes; `size` names the argument.
    Executor,
    /// A future, task, thread or process that can be waited for.
    Handle,
    /// A web framework's application or router; its decorators make handlers.
    Application,
    /// A class whose subclasses' methods are called by a framework on the loop, per request or event.
    HandlerBase,
    /// A path, whose `/` gives a path.
    Path,
    /// A class whose instances are built by data (`pydantic.BaseModel`): annotations are attributes.
    Model,
}

/// One call: a function, a method, or the construction of a class.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// Dotted names (method names inside a class) that share the fields below; `*` in a class is every method not named.
    #[serde(default)]
    pub names: Vec<String>,
    /// A single name, for the user's configuration.
    pub name: Option<String>,
    /// It blocks the thread that calls it.
    pub blocks: Option<Blocks>,
    /// For how long; the kind's usual cost where absent.
    pub cost: Option<Cost>,
    /// It (when awaited) uses a scarce resource: a word for messages, `network`, `database`, `subprocess`, `file`.
    pub scarce: Option<String>,
    /// Calling it gives a coroutine that must be awaited.
    #[serde(default)]
    pub coroutine: bool,
    /// What it does to control flow.
    pub act: Option<Act>,
    /// Position of the callable or awaitable argument that `act` runs.
    pub callable: Option<u32>,
    /// Keyword of that argument.
    pub callable_keyword: Option<String>,
    /// What that argument is: an awaitable, a function, a collection of them.
    pub takes: Option<Takes>,
    /// What an `act = "spawn"` starts runs one after the other, not beside each other (`BackgroundTasks.add_task`).
    #[serde(default)]
    pub in_turn: bool,
    /// Keyword of a bound (`limit`, `max_at_once`, `maxsize`) or deadline (`timeout`).
    pub bound: Option<String>,
    /// Position of that bound.
    pub bound_position: Option<u32>,
    /// Dotted name of the type it returns (what `await` gives for a coroutine); `self` for the receiver's class, `argument` for that of the first argument, `[T]` for a collection of T.
    pub returns: Option<String>,
    /// The async twin, a dotted name, or a phrase that begins with a lower-case verb.
    pub instead: Option<String>,
    /// One clause on why it costs, where the kind's own sentence is not enough.
    pub why: Option<String>,
    /// It may be moved to a thread as it is.
    #[serde(default)]
    pub thread_safe: bool,
    /// Keyword arguments that make it not block: `block = "False"`, `timeout = "0"`, `blocking = "False"`.
    #[serde(default)]
    pub unless: std::collections::BTreeMap<String, String>,
    /// Literal arguments with which it does little: `open(path, "a")` adds a line.
    #[serde(default)]
    pub small_with: Vec<String>,
    /// It blocks only where this keyword argument is present, or is not False (`Future.result` has none).
    pub only_if: Option<String>,
    /// A wait that by default has no deadline, or one of this many seconds.
    pub default_deadline: Option<Deadline>,
    /// It answers at once while the other side lives: that it has no deadline matters where one that hangs holds up
    /// more than its own caller.
    #[serde(default)]
    pub usually_quick: bool,
    /// How many times it retries by itself.
    pub retries: Option<u32>,
    /// It copies deeply, or is one half of a copy by writing and reading.
    pub copies: Option<Copies>,
    /// What the arguments of an `act = "retry"` say of its attempts and waits.
    pub policy: Option<RetryPolicy>,
    /// The versions of the library for which the defaults hold.
    pub version: Option<String>,
}

/// What a call copies deeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Copies {
    /// Its first argument (`copy.deepcopy`).
    Argument,
    /// The object whose method it is (`DataFrame.copy`).
    Receiver,
    /// What was written, if it reads what a call with `half-trip` writes (`json.loads(json.dumps(x))`).
    RoundTrip,
    /// Writes what can be read again (`json.dumps`).
    HalfTrip,
    /// All that it is given, into one new array (`numpy.concatenate`).
    Parts,
}

/// How often a retry tries and how it waits, by the names of its arguments.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RetryPolicy {
    /// Arguments that bound the attempts.
    #[serde(default)]
    pub attempts: Vec<String>,
    /// Position of the first of them.
    pub attempts_position: Option<u32>,
    /// Those arguments count what follows the first attempt.
    #[serde(default)]
    pub counts_retries: bool,
    /// Attempts in all where none of them is given; without it, it goes on for ever.
    pub default_attempts: Option<u32>,
    /// Arguments that bound the time of all attempts together.
    #[serde(default)]
    pub time: Vec<String>,
    /// That time in seconds where none is given; without it, only the attempts bound it.
    pub default_time: Option<f64>,
    /// How it waits where no argument says otherwise.
    pub waits: Waits,
    /// Arguments without which, or with 0, it does not wait.
    #[serde(default)]
    pub waits_by: Vec<String>,
    /// Arguments that make the wait the same each time.
    #[serde(default)]
    pub constant_by: Vec<String>,
    /// Arguments that make the wait grow.
    #[serde(default)]
    pub grows_by: Vec<String>,
    /// Arguments that add chance to the wait.
    #[serde(default)]
    pub jitters_by: Vec<String>,
    /// The argument that takes chance away where it is `None`, `False` or 0.
    pub jitter: Option<String>,
    /// It asks for an answer again and again, and not only after an error.
    #[serde(default)]
    pub polls: bool,
}

/// How a retry waits between its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// Not at all.
    None,
    /// The same time each time.
    Constant,
    /// Longer each time.
    Growing,
    /// A random time.
    Random,
    /// Arguments that are no names decide (tenacity's `wait=` and `stop=`).
    ByArguments,
}

/// A default deadline.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Deadline {
    /// `false`: waits for ever.
    Never(bool),
    /// Seconds.
    Seconds(f64),
}

/// A class of a library.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClassEntry {
    /// Canonical dotted name, then the names under which it is re-exported or that behave the same.
    pub names: Vec<String>,
    /// Bases, canonical names.
    #[serde(default)]
    pub bases: Vec<String>,
    /// What it is for.
    pub is: Option<Is>,
    /// Its methods are awaited.
    #[serde(default)]
    pub r#async: bool,
    /// What `with`/`async with` gives; the class itself where absent.
    pub enter: Option<String>,
    /// What iteration gives.
    pub iterates: Option<String>,
    /// Types of attributes; `*` is every attribute that is named neither here nor as a method.
    #[serde(default)]
    pub attributes: std::collections::BTreeMap<String, String>,
    /// Methods; `__init__` describes the construction.
    #[serde(default)]
    pub method: Vec<Entry>,
    /// Keyword of the construction that holds its size (`value`, `maxsize`, `max_workers`, `max_connections`).
    pub size: Option<String>,
    /// Position of that argument.
    pub size_position: Option<u32>,
    /// Default size of the pool; absent for unbounded or unknown.
    pub pool: Option<u32>,
    /// After so many seconds a call that gets no connection fails.
    pub pool_timeout: Option<Deadline>,
    /// Default timeout of a call in seconds.
    pub timeout: Option<Deadline>,
    /// Default number of retries.
    pub retries: Option<u32>,
    /// The async class that does the same.
    pub twin: Option<String>,
    /// The versions of the library for which the defaults hold.
    pub version: Option<String>,
    /// Threads may share it.
    #[serde(default)]
    pub thread_safe: bool,
}

/// One file of the catalog.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CatalogFile {
    /// Functions.
    #[serde(default)]
    pub call: Vec<Entry>,
    /// Classes.
    #[serde(default)]
    pub class: Vec<ClassEntry>,
    /// Other names of modules or members: `alias = "canonical"`.
    #[serde(default)]
    pub alias: std::collections::BTreeMap<String, String>,
    /// Types of module members that are instances: `os.environ = "..."`.
    #[serde(default)]
    pub instance: std::collections::BTreeMap<String, String>,
}
