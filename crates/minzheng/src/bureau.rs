//! Puts the bureau together from its guides and reference data.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base::RegionCode;
use casework::Bureau;
use guide::Findings;
use store::Store;

use crate::embedded;

/// The county that is served when none is named; the demo county lies there.
pub const COUNTY: &str = "410325000000";

/// The bureau with the guides of a folder or the embedded ones, and what the checker remarked upon.
pub fn load(guides: Option<&Path>) -> Result<(Bureau, Findings), String> {
    let regions = embedded::regions().map_err(|e| e.to_string())?;
    let calendar = embedded::calendar().map_err(|e| e.to_string())?;
    let files = embedded::guide_files(guides).map_err(|e| {
        let folder = guides.unwrap_or(Path::new("guides"));
        format!("不能读指南目录 {}：{e}", folder.display())
    })?;
    let read = guide::read(&files, Some(&regions)).map_err(|findings| findings.render())?;
    let region = RegionCode::parse(COUNTY).map_err(|e| e.to_string())?;
    let name = format!("{}民政局", regions.name(region).unwrap_or("县"));
    let bureau = Bureau { name, region, guides: read.guides, editions: BTreeMap::new(), calendar, regions };
    Ok((bureau, read.warnings))
}

/// Adds the former editions that open cases pin, and keeps the present ones for those to come.
pub fn with_editions(mut bureau: Bureau, store: &Store) -> Result<Bureau, String> {
    for guide in &bureau.guides.services {
        store.keep_edition(guide).map_err(|e| e.to_string())?;
    }
    for kept in store.editions().map_err(|e| e.to_string())? {
        if bureau.guide(&kept.service, &kept.edition).is_some() {
            continue;
        }
        let guide = guide::read_service(&kept.files)
            .map_err(|findings| format!("指南“{}”的旧版不能再读：\n{}", kept.service, findings.render()))?;
        bureau.editions.insert((Arc::clone(&kept.service), kept.edition), guide);
    }
    Ok(bureau)
}
