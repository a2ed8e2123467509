//! Markdown of guides as safe HTML: no raw HTML, no foreign link schemes, tables that scroll on phones.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use maud::{Markup, PreEscaped};

/// Renders a section. `below` is the level of the heading that it stands under: its own headings are moved beneath it.
pub fn render(markdown: &str, below: usize, caption: &str) -> Markup {
    collect(parser(markdown), below, caption)
}

/// The same without its tables, for sections whose tables the page shows in its own way.
pub fn render_prose(markdown: &str, below: usize) -> Markup {
    let mut inside = false;
    let prose = parser(markdown).filter(|event| match event {
        Event::Start(Tag::Table(_)) => {
            inside = true;
            false
        }
        Event::End(TagEnd::Table) => {
            inside = false;
            false
        }
        _ => !inside,
    });
    let prose: Vec<Event> = prose.collect();
    collect(prose.into_iter(), below, "")
}

fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

fn collect<'a>(events: impl Iterator<Item = Event<'a>>, below: usize, caption: &str) -> Markup {
    let mut safe = Vec::new();
    for event in events {
        match event {
            Event::Start(Tag::Table(columns)) => {
                let label = escape(caption);
                let open = format!("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{label}（表）\">");
                safe.push(Event::Html(open.into()));
                safe.push(Event::Start(Tag::Table(columns)));
                safe.push(Event::Html(format!("<caption class=\"unseen\">{label}</caption>").into()));
            }
            Event::End(TagEnd::Table) => {
                safe.push(Event::End(TagEnd::Table));
                safe.push(Event::Html("</div>".into()));
            }
            Event::Html(text) | Event::InlineHtml(text) => safe.push(Event::Text(text)),
            // Alignment would become a style attribute, which the security policy forbids.
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                safe.push(Event::Start(Tag::Link { link_type, dest_url: safe_link(dest_url), title, id }));
            }
            // Guides carry no pictures from elsewhere: the alternative text stands instead.
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Heading { level, .. }) => {
                let level = beneath(level, below);
                safe.push(Event::Start(Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() }));
            }
            Event::End(TagEnd::Heading(level)) => safe.push(Event::End(TagEnd::Heading(beneath(level, below)))),
            other => safe.push(other),
        }
    }
    let mut out = String::new();
    html::push_html(&mut out, unaligned(safe).into_iter());
    PreEscaped(out)
}

fn unaligned(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let plain = |event| match event {
        Event::Start(Tag::Table(columns)) => {
            Event::Start(Tag::Table(vec![pulldown_cmark::Alignment::None; columns.len()]))
        }
        other => other,
    };
    events.into_iter().map(plain).collect()
}

/// A guide's section stands under its own second-level heading, so its third level comes right below.
fn beneath(level: HeadingLevel, below: usize) -> HeadingLevel {
    let wanted = below + 1 + (level as usize).saturating_sub(3);
    HeadingLevel::try_from(wanted.min(6)).unwrap_or(HeadingLevel::H6)
}

fn safe_link(url: CowStr<'_>) -> CowStr<'_> {
    let foreign = url.contains(':') && !["https:", "http:", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
    if foreign { "#".into() } else { url }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_safe() {
        let page =
            render("<script>x</script>\n\n[a](javascript:x) ![p](http://x/y.png)\n\n### 小标题", 2, "").into_string();
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("javascript:") && !page.contains("<img"), "{page}");
        assert!(page.contains("<h3>小标题</h3>"), "{page}");
    }

    #[test]
    fn tables_scroll_and_are_named() {
        let page = render("|甲|乙|\n|--:|---|\n|1|2|", 2, "标准").into_string();
        assert!(page.contains("tabindex=\"0\"") && page.contains("<caption class=\"unseen\">标准</caption>"), "{page}");
        assert!(!page.contains("style="), "{page}");
        assert!(!render_prose("前\n\n|甲|\n|---|\n|1|\n\n后", 2).into_string().contains("table"));
    }
}
