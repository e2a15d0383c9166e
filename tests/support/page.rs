//! Pages: the headings of a rule's Markdown page, and the Python files in them.

/// A Python file written in a page.
#[derive(Debug)]
pub(crate) struct Fence {
    /// Its path in the heading's project.
    pub(crate) path: String,
    /// The 1-based line of the page before its first line.
    pub(crate) before: usize,
    /// Its text.
    pub(crate) text: String,
}

/// A heading and what stands under it.
#[derive(Debug)]
pub(crate) struct Section {
    /// The heading without its marks.
    pub(crate) title: String,
    /// How many marks it has.
    pub(crate) level: usize,
    /// The prose, fences left out.
    pub(crate) prose: String,
    /// The Python fences, each a file of its own.
    pub(crate) fences: Vec<Fence>,
}

/// Reads a page.
///
/// A fence is a file called `snippet_N.py`, unless the last line of prose before it is a path in backticks and a colon.
pub(crate) fn parse(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut path = None;
    while let Some((index, line)) = lines.next() {
        if let Some(tag) = line.trim_start().strip_prefix("```") {
            let (body, closed) = take_fence(&mut lines);
            if !closed {
                return Err(format!("line {}: this fence is never closed", index + 1));
            }
            if tag.trim().is_empty() {
                return Err(format!("line {}: a fence without a language tag", index + 1));
            }
            let section = sections.last_mut().ok_or("a fence before the first heading")?;
            if tag.trim() == "python" {
                let path = path
                    .take()
                    .unwrap_or_else(|| format!("snippet_{}.py", section.fences.len() + 1));
                section.fences.push(Fence {
                    path,
                    before: index + 1,
                    text: body,
                });
            }
            path = None;
        } else if line.starts_with('#') {
            let level = line.bytes().take_while(|&byte| byte == b'#').count();
            let title = line[level..].trim().to_owned();
            sections.push(Section {
                title,
                level,
                prose: String::new(),
                fences: Vec::new(),
            });
            path = None;
        } else if let Some(section) = sections.last_mut() {
            section.prose.push_str(line);
            section.prose.push('\n');
            if !line.trim().is_empty() {
                path = named_path(line);
            }
        }
    }
    Ok(sections)
}

fn take_fence<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> (String, bool) {
    let mut body = String::new();
    for (_, line) in lines {
        if line.trim() == "```" {
            return (body, true);
        }
        body.push_str(line);
        body.push('\n');
    }
    (body, false)
}

fn named_path(line: &str) -> Option<String> {
    let path = line.trim().strip_prefix('`')?.strip_suffix("`:")?;
    path.ends_with(".py").then(|| path.to_owned())
}
