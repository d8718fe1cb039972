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
        oInvoices = "13", oCreditNotes = "14", oDeliveryNotes = "15", oOrders = "17", oPurchaseInvoices = "18",
        oPurchaseCreditNotes = "19", oPurchaseDeliveryNotes = "20", oPurchaseOrders = "22", oQuotations = "23",
        oDrafts = "112", oPurchaseQuotations = "540000006",
    }
    SUMMARY BoDocSummaryTypes { dNoSummary = "N", dByItems = "I", dByDocuments = "D" }
    DOCUMENT_SUBTYPE BoDocumentSubType { bod_None = "--", bod_InvoiceExempt = "IE", bod_DebitMemo = "DN" }
    E_DOCUMENT EDocStatusEnum { edoc_New = "N", edoc_Pending = "P", edoc_Sent = "S", edoc_Error = "E", edoc_Ok = "C" }
    SO_STATUS BoSoStatus { so_Open = "O", so_Closed = "C" }
    AUTHORIZATION DocumentAuthorizationStatusEnum { dasWithout = "-", dasPending = "W", dasApproved = "Y" }
    FATHER BoFatherCardTypes { cPayments_sum = "P", cDelivery_sum = "D" }
    TREE BoItemTreeTypes {
        iNotATree = "N", iAssemblyTree = "A", iSalesTree = "S", iIngredient = "I", iProductionTree = "P",
    }
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
    PAYER BoRcptTypes { rCustomer = "C", rAccount = "A", rSupplier = "S" }
    PAID_DOCUMENT BoRcptInvTypes {
        it_Invoice = "13", it_CredItnote = "14", it_PurchaseInvoice = "18", it_PurchaseCreditNote = "19",
        it_Receipt = "24", it_JournalEntry = "30", it_PaymentAdvice = "46", it_DownPayment = "203",
        it_PurchaseDownPayment = "204",
    }
    PAYMENT_OBJECT BoPaymentsObjectType { bopot_IncomingPayments = "24", bopot_OutgoingPayments = "46" }
    PAYMENT_TYPE BoORCTPaymentTypeEnum { bopt_None = "N", bopt_Electronic = "E", bopt_Post = "P" }
    PAYMENT_PRIORITY BoPaymentPriorities { bopp_Priority_1 = "1", bopp_Priority_2 = "2", bopp_Priority_6 = "6" }
    PAYMENT_AUTHORIZATION PaymentsAuthorizationStatusEnum { pasWithout = "-", pasPending = "W", pasApproved = "Y" }
    EXCHANGE_BILL BoBoeStatus { boes_Created = "G", boes_Paid = "P", boes_Closed = "L" }
    CARD_TRANSACTION BoRcptCredTypes { cr_Regular = "S", cr_Telephone = "U", cr_InternetTransaction = "I" }
    ACCOUNT_TYPE BoAccountTypes { at_Revenues = "I", at_Expenses = "E", at_Other = "N" }
    JOURNAL TransTypesEnum {
        ttOpeningBalance = "-2", ttARInvoice = "13", ttARCredItnote = "14", ttDelivery = "15", ttAPInvoice = "18",
        ttAPCreditNote = "19", ttPurchaseDeliveryNote = "20", ttReceipt = "24", ttJournalEntry = "30",
        ttVendorPayment = "46", ttProductionOrder = "202", ttInternalReconciliation = "321",
    }
    TAX_POSTING BoTaxPostAccEnum { tpa_Default = "N", tpa_SalesTaxAccount = "R", tpa_PurchaseTaxAccount = "P" }
    ECD_POSTING ECDPostingTypeEnum { ecdNormal = "N", ecdStatement = "E" }
    WORK_STATUS BoProductionOrderStatusEnum {
        boposPlanned = "P", boposReleased = "R", boposClosed = "L", boposCancelled = "C",
    }
    WORK_TYPE BoProductionOrderTypeEnum { bopotStandard = "S", bopotSpecial = "P", bopotDisassembly = "D" }
    WORK_ORIGIN BoProductionOrderOriginEnum { bopooManual = "M", bopooMRP = "R", bopooSalesOrder = "S" }
    ALLOCATION_UPDATE BoUpdateAllocationEnum { bouaManual = "M", bouaCalculated = "C", bouaRunCalculation = "R" }
    ALLOCATION ResourceAllocationEnum {
        raOnStartDate = "S", raOnEndDate = "D", raStartDateForwards = "F", raEndDateBackwards = "B",
    }
    ISSUE_METHOD BoIssueMethod { im_Backflush = "B", im_Manual = "M" }
    WORK_LINE ProductionItemType { pit_Item = "4", pit_Resource = "290", pit_Text = "-18" }
    USER_GROUP BoUserGroup { ug_Regular = "0", ug_Deleted = "99" }
    LANGUAGE BoSuppLangs { ln_Null = "0", ln_English = "3", ln_German = "9", ln_French = "22" }
    SALARY_UNIT BoSalaryCostUnits { scu_Hour = "H", scu_Month = "M", scu_Year = "Y" }
}
