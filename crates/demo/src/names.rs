//! Synthetic names: frequent surnames of the region and common given names of each generation, joined by chance.

use base::Sex;

use crate::dice::Dice;

/// Surnames with their weight; compound surnames are rare, as they are in life.
const SURNAMES: &[(&str, u32)] = &[
    ("李", 90),
    ("王", 88),
    ("张", 85),
    ("刘", 52),
    ("杨", 38),
    ("赵", 36),
    ("郭", 30),
    ("马", 28),
    ("宋", 26),
    ("陈", 26),
    ("孙", 20),
    ("吴", 18),
    ("周", 17),
    ("程", 17),
    ("朱", 16),
    ("徐", 16),
    ("高", 15),
    ("胡", 15),
    ("石", 14),
    ("段", 13),
    ("崔", 13),
    ("任", 12),
    ("常", 12),
    ("韩", 12),
    ("许", 11),
    ("董", 11),
    ("谢", 10),
    ("冯", 10),
    ("贾", 10),
    ("梁", 10),
    ("牛", 9),
    ("魏", 9),
    ("丁", 8),
    ("白", 8),
    ("付", 8),
    ("仝", 7),
    ("黄", 7),
    ("安", 6),
    ("温", 6),
    ("蒋", 5),
    ("雷", 5),
    ("谷", 4),
    ("卫", 4),
    ("席", 3),
    ("司马", 2),
    ("上官", 2),
    ("欧阳", 1),
    ("皇甫", 1),
];

const OLD_MEN: &[&str] = &[
    "长海", "富贵", "万生", "德顺", "天福", "留柱", "铁山", "双喜", "保全", "金山", "老根", "中兴", "怀义", "群法",
    "全喜", "运来", "书堂", "振东", "石头", "有才", "红军", "建国", "国安", "新民", "文章", "进才", "喜成", "耀宗",
];
const OLD_WOMEN: &[&str] = &[
    "秀英", "桂兰", "玉珍", "凤莲", "改花", "春梅", "彩霞", "爱琴", "巧云", "金凤", "素芳", "喜梅", "小娥", "玉枝",
    "翠花", "荣花", "香菊", "淑珍", "二妮", "月英", "秋莲", "兰香", "银环", "雪梅", "麦香", "灵芝",
];
const MEN: &[&str] = &[
    "建伟", "红涛", "志强", "海军", "晓东", "永刚", "占伟", "国峰", "向阳", "卫东", "俊杰", "鹏飞", "松涛", "跃辉",
    "亚飞", "会军", "新峰", "广辉", "宏伟", "利民", "少华", "军伟", "江涛", "小波", "朝阳", "继光",
];
const WOMEN: &[&str] = &[
    "艳丽", "红霞", "海燕", "小红", "利娟", "会敏", "亚楠", "晓燕", "丽娜", "春燕", "文静", "素丽", "娟娟", "玉红",
    "慧芳", "彩虹", "雪芳", "冬梅", "明霞", "巧丽", "俊平", "爱玲", "静静", "云霞",
];
const BOYS: &[&str] = &[
    "子轩", "浩宇", "梓豪", "一鸣", "俊熙", "宇航", "家乐", "明轩", "博文", "天佑", "嘉豪", "奕辰", "世杰", "文博",
    "小龙", "子昂", "皓然", "佳明",
];
const GIRLS: &[&str] = &[
    "梓涵", "雨欣", "诗涵", "梦瑶", "佳怡", "欣怡", "可馨", "思琪", "语嫣", "若曦", "紫萱", "依诺", "心悦", "晨曦",
    "怡然", "雅静", "甜甜", "婉婷",
];

/// Which stock of given names suits somebody of that age.
#[derive(Clone, Copy)]
pub enum Generation {
    Old,
    Grown,
    Young,
}

pub fn surname(dice: &mut Dice) -> &'static str {
    dice.weighted(SURNAMES)
}

pub fn given(dice: &mut Dice, sex: Sex, generation: Generation) -> &'static str {
    let stock = match (generation, sex) {
        (Generation::Old, Sex::Male) => OLD_MEN,
        (Generation::Old, Sex::Female) => OLD_WOMEN,
        (Generation::Grown, Sex::Male) => MEN,
        (Generation::Grown, Sex::Female) => WOMEN,
        (Generation::Young, Sex::Male) => BOYS,
        (Generation::Young, Sex::Female) => GIRLS,
    };
    dice.pick(stock)
}
