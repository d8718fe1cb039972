//! Names of people, firms and products, some of them chosen to break careless code.

use crate::rng::Rng;

/// Names that customers have whatever the seed: long, foreign, or full of characters that mean something to a parser.
/// The first is the big customer.
pub(super) const SPECIAL_CUSTOMERS: &[(&str, &str)] = &[
    ("Großhandel Süd-West Vertriebsgesellschaft mbH & Co. KG", "DE"),
    ("O'Brien & Søns", "DK"),
    ("株式会社山田製作所", "JP"),
    ("ООО «Северный Ветер»", "RU"),
    ("شركة النور للتجارة", "AE"),
    ("\"The Quoted\" Trading Company", "GB"),
    ("100 % Natural Foods_Ltd", "GB"),
    ("Back\\slash Systems Inc.", "US"),
    ("</script><b>Bold</b> Media Ltd", "GB"),
    ("Café Étoile 🚀 Fusées SARL", "FR"),
    ("Robert'); DROP TABLE Students;--", "US"),
    ("Zweifel  &amp; Söhne AG", "CH"),
    ("ﬁrst İstanbul Çelik Ǆ", "DE"),
];

/// Product names that exist whatever the seed.
pub(super) const SPECIAL_PRODUCTS: &[&str] = &[
    "Schraube M8 × 40 \"A2\"",
    "Rabattkarte 25 %",
    "Stecker Typ C\\D",
    "精密ボールベアリング",
    "Болт оцинкованный",
    "مضخة مياه",
    "Field Guide: O'Neill's <Peaks> & Passes",
    "Energy Bar 🍫🥜",
];

pub(super) struct Locale {
    pub(super) country: &'static str,
    /// Of every hundred customers that are not special, so many come from here.
    pub(super) weight: usize,
    pub(super) families: &'static [&'static str],
    pub(super) trades: &'static [&'static str],
    /// With `{}` where family and trade stand.
    pub(super) forms: &'static [&'static str],
    pub(super) cities: &'static [(&'static str, &'static str)],
    pub(super) streets: &'static [&'static str],
    pub(super) dial: &'static str,
}

pub(super) const LOCALES: &[Locale] = &[
    Locale {
        country: "DE",
        weight: 26,
        families: &[
            "Müller",
            "Schäfer",
            "Weiß",
            "Köhler",
            "Jäger",
            "Brandt",
            "Lindemann",
            "Voß",
            "Krüger",
            "Hofmann",
            "Böhm",
            "Seidel",
            "Großmann",
            "Thiele",
            "Kühn",
        ],
        trades: &["Anlagenbau", "Elektrotechnik", "Logistik", "Werkzeuge", "Medizintechnik", "Druckerei", "Baustoffe"],
        forms: &["{} GmbH", "{} GmbH & Co. KG", "{} AG", "{} e.K.", "{} OHG"],
        cities: &[("Stuttgart", "70173"), ("München", "80331"), ("Köln", "50667"), ("Görlitz", "02826")],
        streets: &["Hauptstraße", "Am Mühlgraben", "Industrieweg"],
        dial: "+49",
    },
    Locale {
        country: "CH",
        weight: 12,
        families: &["Zürcher", "Bünzli", "Aebischer", "Käser", "Rüegg", "Favre", "Bernasconi", "Wüthrich"],
        trades: &["Uhren", "Mechanik", "Käserei", "Treuhand", "Optik", "Bergbahnen"],
        forms: &["{} AG", "{} GmbH", "{} SA", "Gebrüder {}"],
        cities: &[("Zürich", "8001"), ("Genève", "1201"), ("St. Gallen", "9000"), ("Lugano", "6900")],
        streets: &["Bahnhofstrasse", "Rue du Marché", "Via Nassa"],
        dial: "+41",
    },
    Locale {
        country: "US",
        weight: 22,
        families: &[
            "Harper",
            "Whitfield",
            "McAllister",
            "Delgado",
            "Kowalski",
            "O'Connor",
            "Nguyen",
            "Blackwood",
            "Sullivan",
            "Trujillo",
            "Abernathy",
            "Castañeda",
        ],
        trades: &["Outdoor", "Hardware", "Brothers", "Supply", "Freight", "Robotics", "Dental", "Farms"],
        forms: &["{} Inc.", "{} LLC", "{} Co.", "{} & Partners", "{} Corp."],
        cities: &[("Portland", "97201"), ("Austin", "73301"), ("Denver", "80014"), ("Cañon City", "81212")],
        streets: &["Main St", "Cedar Ave", "Route 9"],
        dial: "+1",
    },
    Locale {
        country: "CA",
        weight: 8,
        families: &["Tremblay", "Gagné", "Bélanger", "MacLeod", "Singh", "Campbell"],
        trades: &["Érablière", "Lumber", "Expéditions", "Marine", "Mining"],
        forms: &["{} Inc.", "{} ltée", "Les Entreprises {}"],
        cities: &[("Montréal", "H2X 1Y4"), ("Vancouver", "V5K 0A1"), ("Trois-Rivières", "G8T 1A1")],
        streets: &["Rue Sainte-Catherine", "King St W"],
        dial: "+1",
    },
    Locale {
        country: "GB",
        weight: 8,
        families: &["Ashworth", "Pemberton", "Llewellyn", "Fitzgerald", "Hargreaves"],
        trades: &["Engineering", "Textiles", "Brewing", "Instruments"],
        forms: &["{} Ltd", "{} plc", "{} & Sons"],
        cities: &[("Leeds", "LS1 4AP"), ("Llanfairpwllgwyngyll", "LL61 5UJ"), ("Glasgow", "G1 1XQ")],
        streets: &["High Street", "Mill Lane"],
        dial: "+44",
    },
    Locale {
        country: "FR",
        weight: 8,
        families: &["Lefèvre", "Béranger", "Noël", "Châtelain", "D'Arcy"],
        trades: &["Boulangerie", "Décolletage", "Parfums", "Ascenseurs"],
        forms: &["{} SARL", "{} SA", "Établissements {}"],
        cities: &[("Besançon", "25000"), ("Saint-Étienne", "42000"), ("Nîmes", "30000")],
        streets: &["Rue de l'Église", "Avenue Foch"],
        dial: "+33",
    },
    Locale {
        country: "DK",
        weight: 4,
        families: &["Sørensen", "Kjærgaard", "Ågård", "Møller"],
        trades: &["Vindmøller", "Fiskeri", "Møbler"],
        forms: &["{} A/S", "{} ApS"],
        cities: &[("Ålborg", "9000"), ("København", "1050")],
        streets: &["Strandvejen", "Nørregade"],
        dial: "+45",
    },
    Locale {
        country: "JP",
        weight: 5,
        families: &["田中", "鈴木", "高橋", "渡辺", "伊藤"],
        trades: &["電機", "製作所", "商事", "工業"],
        forms: &["株式会社{}", "{}株式会社", "有限会社{}"],
        cities: &[("大阪市", "530-0001"), ("東京都", "100-0001")],
        streets: &["中央区", "北区"],
        dial: "+81",
    },
    Locale {
        country: "RU",
        weight: 4,
        families: &["Иванов", "Щербаков", "Ёлкин", "Соколова"],
        trades: &["Сталь", "Транс", "Прибор"],
        forms: &["ООО «{}»", "АО «{}»"],
        cities: &[("Москва", "101000"), ("Казань", "420000")],
        streets: &["ул. Ленина", "Невский пр."],
        dial: "+7",
    },
    Locale {
        country: "AE",
        weight: 3,
        families: &["الأمل", "الخليج", "النخيل", "الواحة"],
        trades: &["للتجارة", "للمقاولات", "للأجهزة"],
        forms: &["شركة {}", "مؤسسة {}"],
        cities: &[("دبي", "00000"), ("أبو ظبي", "00000")],
        streets: &["شارع الشيخ زايد"],
        dial: "+971",
    },
];

pub(super) const CONTACTS: &[&str] = &[
    "Anna Weiß",
    "José Núñez",
    "Zoë O'Hara",
    "李娜",
    "Дмитрий Орлов",
    "Fatima al-Sayed",
    "Bob \"Buzz\" Lee",
    "Ængus Ø.",
];

const PRODUCT_KINDS: &[&str] = &[
    "Bearing",
    "Valve",
    "Sensor",
    "Gearbox",
    "Tent",
    "Backpack",
    "Lantern",
    "Caliper",
    "Pump",
    "Coupling",
    "Bracket",
    "Controller",
    "Rope",
    "Gauge",
    "Motor",
    "Filter",
];
const PRODUCT_SERIES: &[&str] = &["Alpine", "Nord", "Classic", "Pro", "Größe L", "Série Été", "Compact", "HD"];
const SERVICES: &[&str] = &["Installation", "Maintenance", "Calibration", "Training", "Consulting"];

/// A locale, drawn by weight.
pub(super) fn locale(rng: &mut Rng) -> &'static Locale {
    let mut left = rng.below(LOCALES.iter().map(|locale| locale.weight).sum());
    for locale in LOCALES {
        match left.checked_sub(locale.weight) {
            Some(rest) => left = rest,
            None => return locale,
        }
    }
    &LOCALES[0]
}

/// The locale of a country; the first one for a country without its own.
pub(super) fn locale_of(country: &str) -> &'static Locale {
    LOCALES.iter().find(|locale| locale.country == country).unwrap_or(&LOCALES[0])
}

/// A firm's name.
pub(super) fn firm(rng: &mut Rng, locale: &Locale) -> String {
    let (family, trade) = (rng.pick(locale.families), rng.pick(locale.trades));
    let core = if locale.country == "JP" { format!("{family}{trade}") } else { format!("{family} {trade}") };
    rng.pick(locale.forms).replace("{}", &core)
}

/// A product's name and whether it is a service.
pub(super) fn product(rng: &mut Rng) -> (String, bool) {
    if rng.percent(15) {
        return (format!("{} {}", rng.pick(SERVICES), rng.pick(PRODUCT_SERIES)), true);
    }
    (format!("{} {} {}", rng.pick(PRODUCT_KINDS), rng.pick(PRODUCT_SERIES), rng.between(10, 990)), false)
}

/// The name in plain ASCII letters and digits, as a domain name needs it; empty for scripts that have none.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in ascii(name).chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() > 24 {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The name as somebody without umlauts on the keyboard types it.
pub(super) fn ascii(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            'ä' | 'æ' => plain.push_str("ae"),
            'ö' | 'ø' | 'œ' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'Ä' | 'Æ' => plain.push_str("Ae"),
            'Ö' | 'Ø' => plain.push_str("Oe"),
            'Ü' => plain.push_str("Ue"),
            'å' => plain.push_str("aa"),
            'Å' => plain.push_str("Aa"),
            'ß' => plain.push_str("ss"),
            'é' | 'è' | 'ê' | 'ë' => plain.push('e'),
            'É' => plain.push('E'),
            'â' | 'à' => plain.push('a'),
            'î' => plain.push('i'),
            'ç' => plain.push('c'),
            'ñ' => plain.push('n'),
            other => plain.push(other),
        }
    }
    plain
}
