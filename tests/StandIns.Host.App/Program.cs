using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StandIns.Host.Library;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddSingleton(_ => new BlobContainerClient(builder.Configuration["AzureWebJobsStorage"], "notes"));
builder.Services.AddSingleton(new ShelfOptions("books"));
builder.Build().Run();
