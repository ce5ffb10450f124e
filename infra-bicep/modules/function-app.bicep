metadata description = 'The Flex Consumption plan and the function app with all its settings.'

import { appSettings, modelBytes } from '../settings.bicep'

@description('What names begin with.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends names, so that they are unique in the world.')
param suffix string

@description('Memory of an instance in MB; processors follow it.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('The most instances.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Instances for HTTP that are always there, so that no prediction waits for a start. 0 is none.')
@minValue(0)
param alwaysReadyHttp int

@description('Requests that one instance gets at once; more start another instance.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int

@description('SHA-256 of the first administrator\'s token.')
param adminTokenSha256 string

@description('Resource id of the app\'s identity.')
param identityId string

@description('Client id of the app\'s identity.')
param identityClientId string

@description('Name of the storage account.')
param storageAccountName string

@description('Container that the deployed package is in.')
param deploymentContainer string

@description('Name of the Application Insights component.')
param insightsName string

@description('Subnet of the app; empty for none.')
param subnetId string

@description('Models to load at start, as iris,digits:2.')
param preload string

@description('Model of the routes that name none, as a reference.')
param servingModel string

@description('Settings that only the caller knows: where documents are, where jobs run, and who may do what.')
param extraSettings object

@description('Client id of the Entra ID application that callers need tokens for; empty for Larder\'s tokens and keys alone.')
param authClientId string

@description('Workspace that gets the logs.')
param workspaceId string

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// An instance has 0.8 GB of temporary disk, whatever its memory: the package, uploads being checked and cached models share it.
var diskBytes = 800000000
var memoryBytes = instanceMemoryMB * 1048576

// A form has a boundary and the other fields beside the model: as much as the app itself adds (functions/Hosting).
var formOverheadBytes = 1048576

var commonSettings = appSettings({
  identityClientId: identityClientId
  storage: {
    blob: storage.properties.primaryEndpoints.blob
    queue: storage.properties.primaryEndpoints.queue
    table: storage.properties.primaryEndpoints.table
  }
  telemetry: insights.properties.ConnectionString
  memoryBytes: memoryBytes
  diskBytes: diskBytes
  preload: preload
  servingModel: servingModel
  adminTokenSha256: adminTokenSha256
})

// Polling for blobs does not exist on Flex Consumption: Event Grid starts IngestUpload and ScoreDroppedFile instead. Linux makes
// underscores of the points in these names, and the host reads either form.
var hostSettings = {
  AzureWebJobsDisableHomepage: 'true'
  'AzureWebJobs.IngestUploadByPolling.Disabled': 'true'
  'AzureWebJobs.ScoreDroppedFileByPolling.Disabled': 'true'
  // Without it the host takes 104857600 bytes, whatever the app takes.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string(modelBytes(memoryBytes, diskBytes) + formOverheadBytes)
}

// The platform's word for who calls counts where it asks for tokens. The app checks again that it does.
var accessSettings = {
  Access__ClientPrincipal: empty(authClientId) ? 'false' : 'true'
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}-${suffix}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: 'func-${name}-${suffix}'
  location: location
  // azd deploys a service to the resource that has its name in this tag (azure.yaml).
  tags: union(tags, { 'azd-service-name': 'functions' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : []
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'appsettings'
  properties: union(commonSettings, hostSettings, accessSettings, extraSettings)
}

// No user names and passwords: what deploys is an identity.
resource ftpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scmPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

// Who signs in needs no token of Larder's. Event Grid and probes have no token, so their paths are left out here.
resource authentication 'Microsoft.Web/sites/config@2024-11-01' = if (!empty(authClientId)) {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'Return401'
      excludedPaths: ['/healthz', '/readyz', '/runtime/webhooks/blobs']
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: authClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [authClientId, 'api://${authClientId}']
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}

// Who was let in and who was not, where Entra ID is in front. What the app itself logs goes to Application Insights, sampled; a second
// copy of it here would use up the daily quota.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: site
  name: 'larder'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AppServiceAuthenticationLogs'
        enabled: true
      }
    ]
  }
}

@description('Name of the function app.')
output name string = site.name

@description('Host of the function app.')
output hostName string = site.properties.defaultHostName
