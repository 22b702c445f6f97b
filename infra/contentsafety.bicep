// Azure AI Content Safety, which judges every prompt and every answer. Without keys: Entra ID only.
param name string
param location string
param tags object
param privateNetwork bool

resource account 'Microsoft.CognitiveServices/accounts@2026-07-01' = {
  name: name
  location: location
  tags: tags
  kind: 'AIServices'
  sku: { name: 'S0' }
  properties: {
    customSubDomainName: name // Entra ID needs one
    disableLocalAuth: true
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
    }
  }
}

output id string = account.id
output name string = account.name
output url string = 'https://${name}.cognitiveservices.azure.com'
