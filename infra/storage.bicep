// One storage account for datasets, reports, the app's tables and queues, and its package. It refuses account keys.
param name string
param location string
param tags object
param privateNetwork bool

@description('Public addresses or ranges from which people drop files when the network is private.')
param dropAddresses array

@description('Azure ML workspace that may read the account although its network is private; need not exist yet.')
param workspaceId string

var containers = ['datasets', 'reports', 'deadletters', 'deployments']
var queues = ['runs', 'runs-poison']
var tables = ['runs', 'models', 'keys', 'policies']

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Not 'Disabled': that would shut out the addresses below too. The rules deny everybody who is not named.
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
      bypass: 'AzureServices'
      ipRules: [for address in (privateNetwork ? dropAddresses : []): { value: address, action: 'Allow' }]
      resourceAccessRules: privateNetwork ? [{ tenantId: tenant().tenantId, resourceId: workspaceId }] : []
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = [for container in containers: {
  parent: blobs
  name: container
  properties: { publicAccess: 'None' }
}]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2026-04-01' = {
  parent: account
  name: 'default'
}

resource queueOf 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-04-01' = [for queue in queues: {
  parent: queueService
  name: queue
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2026-04-01' = {
  parent: account
  name: 'default'
}

resource tableOf 'Microsoft.Storage/storageAccounts/tableServices/tables@2026-04-01' = [for table in tables: {
  parent: tableService
  name: table
}]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-04-01' = {
  parent: account
  name: 'default'
  // The service below must be there first, or the policy is refused.
  dependsOn: [blobs]
  properties: {
    policy: {
      rules: [
        {
          name: 'reports-cool-after-a-month'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['reports/'] }
            actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: 30 } } }
          }
        }
        {
          name: 'dead-letters-go-after-three-months'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['deadletters/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 90 } } }
          }
        }
      ]
    }
  }
}

output id string = account.id
output name string = account.name
output blobUrl string = account.properties.primaryEndpoints.blob
output queueUrl string = account.properties.primaryEndpoints.queue
output tableUrl string = account.properties.primaryEndpoints.table
