package diff

// The column tables of BroadWorks. Facts are those of the vendor's pages
// "BroadWorks Subscribers", "BroadWorks Enterprises" and "BroadWorks Workspaces".

// broadworksEnterprise has no columns to provision with: an enterprise comes with
// its first subscriber and goes with its last.
func broadworksEnterprise() *Spec {
	return newSpec(Spec{
		Kind: BroadWorksEnterprise, Along: Organization, Tells: []Column{ColDirSync}, Unless: []Column{ColUserID}, found: []Column{ColSPEnterpriseID},
	}, []Rule{
		{Column: ColEnsure, Value: ValueEnsure},
		{Column: ColSPEnterpriseID, Value: ValueExternalID, Need: Always, Compared: true},
		{Column: ColDirSync, Value: ValueSwitch, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColLiveOrgID, Value: ValueID},
		{Column: ColLiveProvisioningID, Value: ValueID},
		{Column: ColID, Value: ValueID},
		{Column: ColStatus, Value: ValueText},
		{Column: ColErrors, Value: ValueText},
	})
}

func broadworksSubscriber() *Spec {
	return newSpec(Spec{
		Kind: BroadWorksSubscriber, Along: BroadWorksPerson, Tells: []Column{ColSPEnterpriseID, ColUserID}, Unless: []Column{ColDirSync, ColDisplayName, ColWorkspaceID},
		found: []Column{ColUserID, ColEmail, ColPhone},
	}, []Rule{
		{Column: ColEnsure, Value: ValueEnsure},
		{Column: ColSPEnterpriseID, Value: ValueExternalID, Need: Always, Sent: SentOnProvision, Compared: true},
		{Column: ColUserID, Value: ValueExternalID, Need: Always, Sent: SentOnProvision, Compared: true},
		{Column: ColSPGroupID, Value: ValueExternalID, Sent: SentOnProvision, Compared: true},
		{Column: ColEmail, Value: ValueEmail, Sent: SentOnProvision, Compared: true},
		{Column: ColPackage, Value: ValueBroadWorksPackage, Need: AtProvision, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColFirstName, Value: ValueText, Need: AtProvision, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColLastName, Value: ValueText, Need: AtProvision, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColPhone, Value: ValuePhone, Sent: SentAlways, Compared: true, Update: true, Clear: true}, // while there is an extension
		{Column: ColMobile, Value: ValuePhone, Sent: SentAlways, Compared: true, Update: true, Clear: true},
		{Column: ColExtension, Value: ValueExtension, Sent: SentAlways, Compared: true, Update: true, Clear: true}, // while there is a number
		{Column: ColProvisioningID, Value: ValueID, Need: AtProvision, Sent: SentOnProvision, Compared: true},
		{Column: ColLanguage, Value: ValueLanguage, Sent: SentOnProvision},
		{Column: ColTimezone, Value: ValueTimezone, Sent: SentAlways}, // taken, never shown
		{Column: ColID, Value: ValueID},
		{Column: ColPersonID, Value: ValueID},
		{Column: ColStatus, Value: ValueText},
		{Column: ColCreated, Value: ValueText},
		{Column: ColErrors, Value: ValueText},
	})
}

// broadworksWorkspace is short of comparisons: the API shows of a workspace its
// id and its name.
func broadworksWorkspace() *Spec {
	return newSpec(Spec{
		Kind: BroadWorksWorkspace, Tells: []Column{ColDisplayName, ColWorkspaceID}, found: []Column{ColID, ColSPEnterpriseID},
	}, []Rule{
		{Column: ColEnsure, Value: ValueEnsure},
		{Column: ColSPEnterpriseID, Value: ValueExternalID, Need: Always, Sent: SentOnProvision, Compared: true},
		{Column: ColUserID, Value: ValueExternalID, Need: Always, Sent: SentAlways},
		{Column: ColDisplayName, Value: ValueText, Need: AtProvision, Sent: SentOnProvision, Compared: true},
		{Column: ColPhone, Value: ValuePhone, Sent: SentAlways},
		{Column: ColExtension, Value: ValueExtension, Sent: SentAlways},
		{Column: ColProvisioningID, Value: ValueID, Need: AtProvision, Sent: SentOnProvision},
		{Column: ColWorkspaceID, Value: ValueID}, // says which workspace is meant, and is not sent
		{Column: ColID, Value: ValueID},
		{Column: ColStatus, Value: ValueText},
		{Column: ColErrors, Value: ValueText},
	})
}
