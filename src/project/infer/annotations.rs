//! The types that annotations name.

use super::super::ty::Ty;
use super::Eval;
use super::builtins::plain_or_collection;
use crate::facts::{Kind, NodeId, Op, Role};
use crate::project::classes::written;
use std::sync::Arc;

impl Eval<'_> {
    /// The type that an annotation names.
    pub(in crate::project) fn annotation(&mut self, node: NodeId) -> Ty {
        if self.depth > super::MAX_DEPTH {
            return Ty::Unknown;
        }
        self.depth += 1;
        let ty = self.annotation_inner(node);
        self.depth -= 1;
        ty
    }

    pub(super) fn annotation_inner(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        match facts.kind(node) {
            Kind::Name | Kind::Attribute => {
                let named = self.expr(node);
                self.instance_of(&named, &written(facts, node))
            }
            Kind::None => Ty::None,
            Kind::BinOp if facts.node(node).payload == Op::BitOr as u32 => {
                let left = facts
                    .child(node, Role::Left)
                    .map_or(Ty::Unknown, |it| self.annotation(it));
                let right = facts
                    .child(node, Role::Right)
                    .map_or(Ty::Unknown, |it| self.annotation(it));
                left.or(right)
            }
            Kind::Subscript => self.generic(node),
            _ => Ty::Unknown,
        }
    }

    pub(super) fn instance_of(&mut self, named: &Ty, text: &str) -> Ty {
        let last = text.rsplit('.').next().unwrap_or_default();
        match named {
            Ty::Class(class) => Ty::Instance(*class),
            Ty::Name(name) => match self.names.catalog.class(*name) {
                Some(class) => Ty::External(class),
                None => plain_or_collection(last).unwrap_or(Ty::Foreign),
            },
            // A type alias: `Client = httpx.AsyncClient` is followed as a name; `Ids = list[int]` is a value.
            Ty::OneOf(them) => them
                .iter()
                .map(|it| self.instance_of(it, text))
                .reduce(Ty::or)
                .unwrap_or_default(),
            _ => plain_or_collection(last).unwrap_or(match named {
                Ty::Foreign => Ty::Foreign,
                _ => Ty::Unknown,
            }),
        }
    }

    pub(super) fn generic(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        let Some(base) = facts.child(node, Role::Value) else {
            return Ty::Unknown;
        };
        let Some(index) = facts.child(node, Role::Index) else {
            return Ty::Unknown;
        };
        let args: Vec<NodeId> = match facts.kind(index) {
            Kind::Tuple => facts.children(index).collect(),
            _ => vec![index],
        };
        let text = written(facts, base);
        let arg = |eval: &mut Self, at: usize| args.get(at).map_or(Ty::Unknown, |&it| eval.annotation(it));
        match text.rsplit('.').next().unwrap_or_default() {
            "Tuple" | "tuple" if args.len() > 1 && facts.kind(args[1]) != Kind::Ellipsis => {
                let elements: Vec<Ty> = (0..args.len()).map(|at| arg(self, at)).collect();
                let same = elements.windows(2).all(|pair| pair[0] == pair[1]);
                if same {
                    Ty::collection(elements[0].clone())
                } else {
                    Ty::Tuple(elements.into())
                }
            }
            "Optional" | "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "Mapped" => arg(self, 0),
            "Union" => (0..args.len())
                .map(|at| arg(self, at))
                .reduce(Ty::or)
                .unwrap_or_default(),
            "List"
            | "list"
            | "Sequence"
            | "Iterable"
            | "Iterator"
            | "Set"
            | "set"
            | "FrozenSet"
            | "frozenset"
            | "Deque"
            | "deque"
            | "Collection"
            | "Tuple"
            | "tuple"
            | "AsyncIterator"
            | "AsyncIterable"
            | "Generator"
            | "AsyncGenerator"
            | "MutableSequence"
            | "AbstractSet"
            | "ContextManager"
            | "AsyncContextManager"
            | "AbstractContextManager"
            | "AbstractAsyncContextManager"
            | "ValuesView" => Ty::collection(arg(self, 0)),
            "Dict"
            | "dict"
            | "Mapping"
            | "MutableMapping"
            | "DefaultDict"
            | "defaultdict"
            | "OrderedDict"
            | "WeakValueDictionary" => Ty::Mapping(Arc::new(arg(self, 1))),
            // Nobody can await the future of an executor.
            "Future" if self.is_of_an_executor(base) => self.annotation(base),
            "Awaitable" | "Future" | "Task" => Ty::Awaitable(Arc::new(arg(self, 0))),
            "Coroutine" => Ty::Awaitable(Arc::new(arg(self, 2))),
            "Type" | "type" => match arg(self, 0) {
                Ty::Instance(class) => Ty::Class(class),
                _ => Ty::Unknown,
            },
            "Literal" => Ty::Plain,
            "Callable" => Ty::Unknown,
            _ => self.annotation(base),
        }
    }

    fn is_of_an_executor(&mut self, base: NodeId) -> bool {
        let catalog = &self.names.catalog;
        let theirs = catalog
            .find("concurrent.futures.Future")
            .and_then(|it| catalog.class(it));
        theirs.is_some_and(|class| self.annotation(base) == Ty::External(class))
    }
}
