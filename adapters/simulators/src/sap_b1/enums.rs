//! The enumerations of the properties served here, with their values in the database.

use super::edm::{Enumeration, Kind};

macro_rules! enumerations {
    ($($short:ident $name:ident { $($member:ident = $value:literal),* $(,)? })*) => {
        $(
            pub(super) const $short: Kind =
                Kind::Enum(&Enumeration { name: stringify!($name), members: &[$((stringify!($member), $value)),*] });
        )*
    };
}

enumerations! {
    YES_NO BoYesNoEnum { tYES = "Y", tNO = "N" }
    STATUS BoStatus { bost_Open = "O", bost_Close = "C", bost_Paid = "P", bost_Delivered = "D" }
    CANCEL_STATUS CancelStatusEnum { csYes = "Y", csNo = "N", csCancellation = "C" }
    DOCUMENT_TYPE BoDocumentTypes { dDocument_Items = "I", dDocument_Service = "S" }
    PRINT_STATUS PrintStatusEnum { psNo = "N", psYes = "Y", psAmended = "A" }
    OBJECT BoObjectTypes {
        oInvoices = "13", oCreditNotes = "14", oDeliveryNotes = "15", oOrders = "17", oQuotations = "23",
        oDrafts = "112",
    }
    SUMMARY BoDocSummaryTypes { dNoSummary = "N", dByItems = "I", dByDocuments = "D" }
    DOCUMENT_SUBTYPE BoDocumentSubType { bod_None = "--", bod_InvoiceExempt = "IE", bod_DebitMemo = "DN" }
    E_DOCUMENT EDocStatusEnum { edoc_New = "N", edoc_Pending = "P", edoc_Sent = "S", edoc_Error = "E", edoc_Ok = "C" }
    SO_STATUS BoSoStatus { so_Open = "O", so_Closed = "C" }
    AUTHORIZATION DocumentAuthorizationStatusEnum { dasWithout = "W", dasPending = "-", dasApproved = "Y" }
    FATHER BoFatherCardTypes { cPayments_sum = "P", cDelivery_sum = "D" }
    TREE BoItemTreeTypes { iNotATree = "N", iAssemblyTree = "A", iSalesTree = "S", iIngredient = "I" }
    TAX_TYPE BoTaxTypes { tt_Yes = "Y", tt_No = "N" }
    LINE_TYPE BoDocLineType { dlt_Regular = "R", dlt_Alternative = "A" }
    PRICE_SOURCE DocumentPriceSourceEnum { dpsManual = "M", dpsActivePriceList = "1" }
    LINE_ITEM BoDocItemType { dit_Item = "4", dit_Resource = "290" }
    CARD_TYPE BoCardTypes { cCustomer = "C", cSupplier = "S", cLid = "L" }
    VAT_STATUS BoVatStatus { vExempted = "N", vLiable = "Y", vEC = "E" }
    COMPANY_PRIVATE BoCardCompanyTypes { cCompany = "C", cPrivate = "I", cGovernment = "G" }
    ADDRESS_TYPE BoAddressType { bo_ShipTo = "S", bo_BillTo = "B" }
    GENDER BoGenderTypes { gt_Female = "F", gt_Male = "M", gt_Undefined = "E" }
    ITEM_TYPE ItemTypeEnum { itItems = "I", itLabor = "L", itTravel = "T", itFixedAssets = "F" }
    ITEM_CLASS ItemClassEnum { itcService = "1", itcMaterial = "2" }
    GL_METHOD BoGLMethods { glm_WH = "W", glm_ItemClass = "C", glm_ItemLevel = "L" }
    COSTING BoInventorySystem { bis_MovingAverage = "A", bis_Standard = "S", bis_FIFO = "F" }
    DECIMALS CurrenciesDecimalsEnum { cd1Digit = "1", cd2Digits = "2", cdWithoutDecimals = "0" }
    ROUNDING RoundingSysEnum { rsNoRounding = "0", rsRoundToFiveHundredth = "1", rsRoundToTenHundredth = "2" }
    VAT_CATEGORY BoVatCategoryEnum { bovcOutputTax = "O", bovcInputTax = "I" }
}
