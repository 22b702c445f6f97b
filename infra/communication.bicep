// E-mail: a domain that Azure manages, and Communication Services that sends from it.
param token string
param dataLocation string
param tags object

resource emailService 'Microsoft.Communication/emailServices@2026-03-18' = {
  name: 'email-tunedrop-${token}'
  location: 'global'
  tags: tags
  properties: { dataLocation: dataLocation }
}

resource domain 'Microsoft.Communication/emailServices/domains@2026-03-18' = {
  parent: emailService
  name: 'AzureManagedDomain'
  location: 'global'
  tags: tags
  properties: {
    domainManagement: 'AzureManaged'
    userEngagementTracking: 'Disabled'
  }
}

resource service 'Microsoft.Communication/communicationServices@2026-03-18' = {
  name: 'acs-tunedrop-${token}'
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
    linkedDomains: [domain.id]
    disableLocalAuth: true
  }
}

output name string = service.name
output url string = 'https://${service.properties.hostName}'
output sender string = 'DoNotReply@${domain.properties.mailFromSenderDomain}'
