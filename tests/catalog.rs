//! The catalog holds together, and answers the questions that the rules ask of it.

use std::collections::BTreeSet;
use tailspike::catalog::Act;
use tailspike::catalog::Blocks;
use tailspike::catalog::Catalog;
use tailspike::catalog::CatalogFile;
use tailspike::catalog::Entry;
use tailspike::catalog::EntryId;
use tailspike::catalog::ExtClass;
use tailspike::catalog::ExtType;
use tailspike::catalog::FILES;
use tailspike::catalog::Is;

fn catalog() -> Catalog {
    Catalog::load(&[]).expect("the built-in catalog loads")
}

fn class(catalog: &Catalog, name: &str) -> ExtClass {
    let class = catalog.find(name).and_then(|it| catalog.class(it));
    class.unwrap_or_else(|| panic!("`{name}` is not a class"))
}

/// Follows attributes and calls: `openai.OpenAI .chat .completions .create`, `sqlite3.connect() .cursor() .execute`.
fn follow(catalog: &Catalog, start: &str, steps: &[&str]) -> Option<EntryId> {
    let name = catalog.find(start)?;
    let mut entry = catalog.function(name);
    let mut at = match (entry, catalog.class(name)) {
        (_, Some(class)) => Some(class),
        (Some(entry), None) => catalog.returns(entry).and_then(|it| instance(it, None)),
        (None, None) => None,
    };
    for step in steps {
        match catalog.attribute(at?, step) {
            Some(of) => at = instance(of, at),
            None => {
                entry = catalog.method(at?, step);
                at = catalog.returns(entry?).and_then(|it| instance(it, at));
            }
        }
    }
    entry
}

fn instance(of: ExtType, receiver: Option<ExtClass>) -> Option<ExtClass> {
    match of {
        ExtType::Instance(class) | ExtType::CollectionOf(class) => Some(class),
        ExtType::Receiver => receiver,
        ExtType::Argument => None,
    }
}

fn blocks(catalog: &Catalog, start: &str, steps: &[&str]) -> Option<Blocks> {
    let entry = follow(catalog, start, steps).unwrap_or_else(|| panic!("{start} {steps:?} is not in the catalog"));
    catalog.entry(entry).blocks
}

fn act(catalog: &Catalog, name: &str) -> Option<Act> {
    let entry = catalog.find(name).and_then(|it| catalog.function(it));
    entry.and_then(|it| catalog.entry(it).act)
}

#[test]
fn functions_block_as_they_do() {
    let catalog = catalog();
    for (name, kind) in [
        ("time.sleep", Blocks::Sleep),
        ("subprocess.run", Blocks::Subprocess),
        ("socket.getaddrinfo", Blocks::Dns),
        ("urllib.request.urlopen", Blocks::Http),
        ("builtins.open", Blocks::File),
        ("builtins.input", Blocks::Wait),
        ("shutil.rmtree", Blocks::File),
    ] {
        assert_eq!(blocks(&catalog, name, &[]), Some(kind), "{name}");
    }
}

#[test]
fn methods_block_as_they_do() {
    let catalog = catalog();
    for (start, steps, kind) in [
        ("builtins.open", &["read"][..], Blocks::File),
        ("pathlib.Path", &["parent", "__truediv__", "read_text"], Blocks::File),
        ("pathlib.Path", &["open", "write"], Blocks::File),
        ("queue.Queue", &["get"], Blocks::Wait),
        (
            "concurrent.futures.ThreadPoolExecutor",
            &["submit", "result"],
            Blocks::Wait,
        ),
        ("asyncio.run_coroutine_threadsafe", &["result"], Blocks::Wait),
        ("subprocess.Popen", &["communicate"], Blocks::Subprocess),
        ("openai.OpenAI", &["chat", "completions", "create"], Blocks::Sdk),
        (
            "openai.AzureOpenAI",
            &["with_options", "embeddings", "create"],
            Blocks::Sdk,
        ),
        ("anthropic.Anthropic", &["messages", "create"], Blocks::Sdk),
        ("google.genai.Client", &["models", "generate_content"], Blocks::Sdk),
        ("langchain_openai.ChatOpenAI", &["invoke"], Blocks::Sdk),
        ("requests.session", &["get"], Blocks::Http),
        ("boto3.client", &["get_object"], Blocks::Sdk),
        ("cloudflare.Cloudflare", &["zones", "list"], Blocks::Sdk),
        ("elasticsearch.Elasticsearch", &["indices", "create"], Blocks::Database),
        ("sqlite3.connect", &["cursor", "execute"], Blocks::Database),
        ("redis.Redis", &["pipeline", "execute"], Blocks::Database),
        (
            "sqlalchemy.orm.sessionmaker",
            &["__call__", "query", "filter", "first"],
            Blocks::Database,
        ),
        (
            "django.db.models.Model",
            &["objects", "filter", "first"],
            Blocks::Database,
        ),
    ] {
        assert_eq!(blocks(&catalog, start, steps), Some(kind), "{start} {steps:?}");
    }
}

#[test]
fn what_is_awaited_does_not_block() {
    let catalog = catalog();
    for (start, steps) in [
        ("asyncio.sleep", &[][..]),
        ("asyncio.to_thread", &[]),
        ("asyncio.Queue", &["get"]),
        ("asyncio.Event", &["wait"]),
        ("asyncio.create_subprocess_exec", &["communicate"]),
        ("anyio.Path", &["read_text"]),
        ("aiofiles.open", &["read"]),
        ("openai.AsyncOpenAI", &["chat", "completions", "create"]),
        ("google.genai.Client", &["aio", "models", "generate_content"]),
        ("httpx.AsyncClient", &["get"]),
        ("aiohttp.ClientSession", &["get", "json"]),
        ("redis.asyncio.from_url", &["pipeline", "execute"]),
        ("mcp.ClientSession", &["call_tool"]),
    ] {
        assert_eq!(blocks(&catalog, start, steps), None, "{start} {steps:?}");
        let entry = follow(&catalog, start, steps).expect("it is in the catalog");
        assert!(catalog.entry(entry).coroutine, "{start} {steps:?} is awaited");
    }
}

#[test]
fn acts_are_told_apart() {
    let catalog = catalog();
    assert_eq!(act(&catalog, "asyncio.sleep"), Some(Act::AsyncSleep));
    assert_eq!(act(&catalog, "asyncio.gather"), Some(Act::FanOut));
    assert_eq!(act(&catalog, "aiometer.run_on_each"), Some(Act::BoundedFanOut));
    assert_eq!(act(&catalog, "asyncio.create_task"), Some(Act::Spawn));
    assert_eq!(act(&catalog, "anyio.to_thread.run_sync"), Some(Act::Offload));
    assert_eq!(act(&catalog, "asyncio.wait_for"), Some(Act::Deadline));
    assert_eq!(act(&catalog, "functools.lru_cache"), Some(Act::Memoize));
    assert!(catalog.is(class(&catalog, "asyncio.BoundedSemaphore"), Is::Limiter));
    assert!(catalog.is(class(&catalog, "threading.RLock"), Is::ThreadLock));
    assert!(catalog.is(class(&catalog, "asyncio.Task"), Is::Handle));
}

#[test]
fn the_users_entries_win() {
    let mine = Entry {
        name: Some("time.sleep".to_owned()),
        ..Entry::default()
    };
    let catalog = Catalog::load(&[mine]).expect("it loads");
    assert_eq!(blocks(&catalog, "time.sleep", &[]), None);
}

#[test]
fn the_users_entries_make_classes() {
    let mine = Entry {
        names: vec!["acme.Client.send".to_owned()],
        blocks: Some(Blocks::Http),
        ..Entry::default()
    };
    let catalog = Catalog::load(&[mine]).expect("it loads");
    assert_eq!(blocks(&catalog, "acme.Client", &["send"]), Some(Blocks::Http));
}

fn parsed() -> Vec<(&'static str, CatalogFile)> {
    let parse = |(file, text): &(&'static str, &str)| (*file, toml::from_str(text).expect("TOML of the schema"));
    FILES.iter().map(parse).collect()
}

fn assert_sorted(file: &str, names: &[String]) {
    for pair in names.windows(2) {
        assert!(
            pair[0] < pair[1],
            "{file}: `{}` and `{}` are out of order",
            pair[0],
            pair[1]
        );
    }
}

fn first(entry: &Entry) -> String {
    entry.names.first().cloned().unwrap_or_default()
}

#[test]
fn every_list_is_sorted() {
    assert_sorted("files.in", &FILES.iter().map(|it| it.0.to_owned()).collect::<Vec<_>>());
    for (file, parsed) in parsed() {
        assert_sorted(file, &parsed.call.iter().map(first).collect::<Vec<_>>());
        assert_sorted(
            file,
            &parsed.class.iter().map(|it| it.names[0].clone()).collect::<Vec<_>>(),
        );
        for entry in &parsed.call {
            assert_sorted(file, &entry.names);
        }
        for class in &parsed.class {
            assert_sorted(file, &class.names[1..]);
            assert_sorted(file, &class.method.iter().map(first).collect::<Vec<_>>());
            class.method.iter().for_each(|it| assert_sorted(file, &it.names));
        }
    }
}

#[test]
fn no_name_stands_twice() {
    let mut seen = BTreeSet::new();
    for (file, parsed) in parsed() {
        for name in parsed.call.iter().flat_map(|it| &it.names) {
            assert!(seen.insert(name.clone()), "{file}: `{name}` stands twice");
        }
        for class in &parsed.class {
            let mut methods = BTreeSet::new();
            for name in class.method.iter().flat_map(|it| &it.names) {
                assert!(methods.insert(name), "{file}: `{}.{name}` stands twice", class.names[0]);
            }
        }
    }
}

#[test]
fn every_blocking_call_says_what_to_do_instead() {
    let asks = |entry: &Entry| entry.blocks.is_some() && entry.instead.is_none();
    for (file, parsed) in parsed() {
        if let Some(entry) = parsed.call.iter().find(|it| asks(it)) {
            panic!("{file}: `{}` blocks and names no `instead`", first(entry));
        }
        for class in parsed.class.iter().filter(|it| it.twin.is_none()) {
            if let Some(entry) = class.method.iter().find(|it| asks(it)) {
                panic!(
                    "{file}: `{}.{}` blocks without `instead` or `twin`",
                    class.names[0],
                    first(entry)
                );
            }
        }
    }
}

#[test]
fn nothing_blocks_and_is_awaited() {
    let both = |entry: &Entry| entry.blocks.is_some() && entry.coroutine;
    for (file, parsed) in parsed() {
        let methods = parsed.class.iter().flat_map(|it| &it.method);
        if let Some(entry) = parsed.call.iter().chain(methods).find(|it| both(it)) {
            panic!("{file}: `{}` blocks and is awaited", first(entry));
        }
    }
}
