//! Converts Python arguments to Rust values, and Rust errors to Python exceptions. Every error names the argument.
use armful_core::Error;
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyIndexError, PyKeyError, PyKeyboardInterrupt, PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

pub fn refuse(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::UnknownId(_) => PyKeyError::new_err(message),
        Error::UnknownSlot { .. } => PyIndexError::new_err(message),
        Error::Interrupted => PyKeyboardInterrupt::new_err(message),
        Error::Full | Error::Memory => PyMemoryError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

/// A one-dimensional argument. It is borrowed from a NumPy array if its memory is contiguous, and copied otherwise.
pub enum Column<'py, T: Element> {
    Borrowed(PyReadonlyArray1<'py, T>),
    Owned(Vec<T>),
}

impl<T: Element> Column<'_, T> {
    pub fn as_slice(&self) -> &[T] {
        match self {
            // Such a value is only created from a contiguous array.
            Column::Borrowed(array) => array.as_slice().unwrap_or(&[]),
            Column::Owned(values) => values,
        }
    }
}

/// A one-dimensional array of exactly the element type, or a sequence of numbers.
pub fn column<'py, T>(argument: &Bound<'py, PyAny>, name: &str, dtype: &str) -> PyResult<Column<'py, T>>
where
    T: Element + Copy + for<'a> FromPyObject<'a, 'py>,
{
    if let Ok(array) = argument.cast::<PyArray1<T>>() {
        if !array.is_aligned() {
            return Err(PyValueError::new_err(format!("{name} must be aligned in memory: pass a copy of it")));
        }
        let array = array.try_readonly()?;
        return Ok(match array.as_slice() {
            Ok(_) => Column::Borrowed(array),
            Err(_) => Column::Owned(array.as_array().iter().copied().collect()),
        });
    }
    if let Ok(array) = argument.cast::<PyUntypedArray>() {
        return Err(if array.ndim() == 1 {
            PyTypeError::new_err(format!("{name} must be of dtype {dtype}, not {}", array.dtype()))
        } else {
            PyValueError::new_err(format!("{name} must have one dimension, not {}", array.ndim()))
        });
    }
    let values = sequence(argument, name, "numbers")?;
    let mut column = Vec::with_capacity(values.len().unwrap_or(0));
    for (index, value) in values.try_iter()?.enumerate() {
        let value = value?;
        column.push(value.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "{name}[{index}] must be a number that fits {dtype}, not {}",
                describe(&value)
            ))
        })?);
    }
    Ok(Column::Owned(column))
}

pub fn floats<'py>(argument: &Bound<'py, PyAny>, name: &str) -> PyResult<Column<'py, f64>> {
    column(argument, name, "float64")
}

pub fn integers<'py>(argument: &Bound<'py, PyAny>, name: &str) -> PyResult<Column<'py, i64>> {
    column(argument, name, "int64")
}

/// Numbers of dtype float64 or int64, as `f64`. Integers beyond 2⁵³ are rounded.
pub fn numbers<'py>(argument: &Bound<'py, PyAny>, name: &str) -> PyResult<Column<'py, f64>> {
    match argument.cast::<PyArray1<i64>>() {
        Ok(_) => Ok(Column::Owned(integers(argument, name)?.as_slice().iter().map(|&value| value as f64).collect())),
        Err(_) => floats(argument, name),
    }
}

/// A copy of a two-dimensional array of float64, by rows, and its shape.
pub fn matrix(argument: &Bound<'_, PyAny>, name: &str) -> PyResult<(Vec<f64>, [usize; 2])> {
    let Ok(array) = argument.cast::<PyArray2<f64>>() else {
        return Err(PyTypeError::new_err(format!(
            "{name} must be an array of dtype float64 with two dimensions, not {}",
            describe(argument)
        )));
    };
    let array = array.try_readonly()?;
    let array = array.as_array();
    Ok((array.iter().copied().collect(), [array.nrows(), array.ncols()]))
}

pub fn slots(argument: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let column: Column<'_, isize> = column(argument, "slots", "intp")?;
    let valid = |&slot: &isize| {
        usize::try_from(slot).map_err(|_| PyIndexError::new_err(format!("slots: {slot} is negative, which no slot is")))
    };
    column.as_slice().iter().map(valid).collect()
}

/// Python strings. They are kept alive while Rust uses their text ([`texts`]).
pub fn strings<'py>(argument: &Bound<'py, PyAny>, name: &str) -> PyResult<Vec<Bound<'py, PyString>>> {
    let values = sequence(argument, name, "strings")?;
    let mut strings = Vec::with_capacity(values.len().unwrap_or(0));
    for (index, value) in values.try_iter()?.enumerate() {
        strings.push(value?.cast_into::<PyString>().map_err(|error| {
            PyTypeError::new_err(format!("{name}[{index}] must be a string, not {}", describe(&error.into_inner())))
        })?);
    }
    Ok(strings)
}

pub fn texts<'a>(strings: &'a [Bound<'_, PyString>]) -> PyResult<Vec<&'a str>> {
    strings.iter().map(|string| string.to_str()).collect()
}

/// Pushes the names and values of a mapping of strings to `into`, alternately.
pub fn pairs<'py>(argument: &Bound<'py, PyAny>, name: &str, into: &mut Vec<Bound<'py, PyString>>) -> PyResult<()> {
    let mut push = |value: Bound<'py, PyAny>| {
        into.push(value.cast_into::<PyString>().map_err(|error| {
            PyTypeError::new_err(format!("{name} must map strings to strings, not {}", describe(&error.into_inner())))
        })?);
        PyResult::Ok(())
    };
    if let Ok(dict) = argument.cast::<PyDict>() {
        for (key, value) in dict {
            push(key)?;
            push(value)?;
        }
        return Ok(());
    }
    let Ok(mapping) = argument.cast::<PyMapping>() else {
        return Err(PyTypeError::new_err(format!("{name} must be a mapping, not {}", describe(argument))));
    };
    for item in mapping.items()? {
        let (key, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item.extract()?;
        push(key)?;
        push(value)?;
    }
    Ok(())
}

/// A count of at least 1.
pub fn count(argument: &Bound<'_, PyAny>, name: &str) -> PyResult<usize> {
    let value: i128 = integer(argument, name, "an integer")?;
    match usize::try_from(value) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(PyValueError::new_err(format!("{name} is {value}: it must be at least 1"))),
    }
}

/// Checks a count that PyO3 has already converted to an integer.
pub fn at_least(least: i64, value: i64, name: &str) -> PyResult<u64> {
    match u64::try_from(value) {
        Ok(count) if value >= least => Ok(count),
        _ => Err(PyValueError::new_err(format!("{name} is {value}: it must be at least {least}"))),
    }
}

/// A seed, 0 ≤ seed < 2⁶⁴, or `None`.
pub fn seed(argument: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u64>> {
    let Some(argument) = argument else { return Ok(None) };
    let value: i128 = integer(argument, "seed", "an integer or None")?;
    let seed = u64::try_from(value);
    seed.map(Some).map_err(|_| PyValueError::new_err(format!("seed is {value}: it must be between 0 and 2**64 - 1")))
}

pub fn integer<'py, T: for<'a> FromPyObject<'a, 'py>>(
    argument: &Bound<'py, PyAny>,
    name: &str,
    what: &str,
) -> PyResult<T> {
    if !argument.hasattr(pyo3::intern!(argument.py(), "__index__"))? {
        return Err(PyTypeError::new_err(format!("{name} must be {what}, not {}", describe(argument))));
    }
    argument.extract().map_err(|_| PyValueError::new_err(format!("{name} is out of range: {argument}")))
}

/// A vector of `length` zeros, or a `MemoryError` if there is not enough memory.
pub fn zeros<T: Copy + Default>(length: Option<usize>) -> PyResult<Vec<T>> {
    let mut vector = Vec::new();
    let reserved = length.is_some_and(|length| vector.try_reserve_exact(length).is_ok());
    match length {
        Some(length) if reserved => {
            vector.resize(length, T::default());
            Ok(vector)
        }
        _ => Err(PyMemoryError::new_err("the answer doesn't fit into memory")),
    }
}

pub fn indices(slots: Vec<usize>) -> Vec<isize> {
    slots.into_iter().map(|slot| slot as isize).collect()
}

pub fn sequence<'a, 'py>(argument: &'a Bound<'py, PyAny>, name: &str, of: &str) -> PyResult<&'a Bound<'py, PyAny>> {
    // A string is also a sequence of strings, but passing one is always a mistake.
    if argument.is_instance_of::<PyString>() || argument.hasattr("__iter__").is_ok_and(|iterable| !iterable) {
        return Err(PyTypeError::new_err(format!("{name} must be a sequence of {of}, not {}", describe(argument))));
    }
    Ok(argument)
}

pub fn describe(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "what was given".into(), |name| name.to_string())
}
