//! What a value can be, as far as calls through it matter.

use super::ids::{ClassId, FnId, ModuleId};
use super::relink::Read;
use crate::catalog::{EntryId, ExtClass, Name};
use std::sync::Arc;

/// The most alternatives a type keeps; more are `Unknown`. A factory that chooses between providers has a dozen arms.
pub(super) const MAX_ALTERNATIVES: usize = 12;

/// The type of a value. `Unknown` proves nothing, neither an effect nor its absence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ty {
    /// Not resolved.
    #[default]
    Unknown,
    /// `None`.
    None,
    /// A value of a builtin type whose methods do nothing that matters here.
    Plain,
    /// An object of an external library that the catalog does not describe.
    Foreign,
    /// An instance of a class of the project.
    Instance(ClassId),
    /// An instance of a catalog class.
    External(ExtClass),
    /// A class of the project.
    Class(ClassId),
    /// A module, function or class of a library.
    Name(Name),
    /// A function of the project.
    Function(FnId),
    /// A method of the project, bound to its receiver.
    Bound(FnId),
    /// A method of a catalog class, bound to its receiver.
    Method(ExtClass, EntryId),
    /// A module of the project.
    Module(ModuleId),
    /// A list, tuple, set or iterator, by its element.
    Collection(Arc<Ty>),
    /// A tuple of unequal elements.
    Tuple(Arc<[Ty]>),
    /// A mapping, by its values.
    Mapping(Arc<Ty>),
    /// What `await` turns into the inner type.
    Awaitable(Arc<Ty>),
    /// `functools.partial(f, ...)`.
    Partial(Arc<Ty>),
    /// One of several, in order of appearance.
    OneOf(Arc<[Ty]>),
}

impl Ty {
    /// A collection of `element`.
    #[must_use]
    pub fn collection(element: Self) -> Self {
        Self::Collection(Arc::new(element))
    }

    /// Gives every function, class and module of the project that it names.
    pub(super) fn each_id(&self, f: &mut dyn FnMut(Read)) {
        match self {
            Self::Instance(class) | Self::Class(class) => f(Read::Class(*class)),
            Self::Function(function) | Self::Bound(function) => f(Read::Function(*function)),
            Self::Module(module) => f(Read::Module(*module)),
            Self::Collection(it) | Self::Mapping(it) | Self::Awaitable(it) | Self::Partial(it) => it.each_id(f),
            Self::Tuple(them) | Self::OneOf(them) => them.iter().for_each(|it| it.each_id(f)),
            Self::Unknown
            | Self::None
            | Self::Plain
            | Self::Foreign
            | Self::External(_)
            | Self::Name(_)
            | Self::Method(..) => {}
        }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// The alternatives, one for a plain type.
    #[must_use]
    pub fn alternatives(&self) -> &[Self] {
        match self {
            Self::OneOf(them) => them,
            one => std::slice::from_ref(one),
        }
    }

    /// Either of two. What is unknown in one arm does not hide what is known in the other;
    /// `None` and plain values give way to objects; more than a dozen objects are unknown.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if other.yields_to(&self) {
            return self;
        }
        if self.yields_to(&other) {
            return other;
        }
        let mut all: Vec<Self> = self.alternatives().to_vec();
        for it in other.alternatives() {
            if !all.contains(it) {
                all.push(it.clone());
            }
        }
        match all.len() {
            1 => all.remove(0),
            2..=MAX_ALTERNATIVES => Self::OneOf(all.into()),
            _ => Self::Unknown,
        }
    }

    fn yields_to(&self, other: &Self) -> bool {
        fn weight(ty: &Ty) -> u8 {
            match ty {
                Ty::Unknown => 0,
                Ty::None => 1,
                Ty::Plain => 2,
                Ty::Foreign => 3,
                Ty::Collection(it) | Ty::Mapping(it) if matches!(**it, Ty::Unknown) => 3,
                Ty::Tuple(them) if them.iter().all(Ty::is_unknown) => 3,
                _ => 4,
            }
        }
        self == other || (weight(self) < weight(other)) || (weight(self) == weight(other) && weight(self) < 4)
    }

    /// What `await` gives.
    #[must_use]
    pub fn awaited(&self) -> Self {
        self.map(|it| match it {
            Self::Awaitable(inner) => (**inner).clone(),
            Self::Foreign => Self::Foreign,
            _ => Self::Unknown,
        })
    }

    /// Applies `f` to every alternative and joins the results.
    #[must_use]
    pub fn map(&self, mut f: impl FnMut(&Self) -> Self) -> Self {
        self.alternatives()
            .iter()
            .map(&mut f)
            .reduce(Self::or)
            .unwrap_or(Self::Unknown)
    }
}
