using System.Globalization;
using Azure.Storage.Blobs;
using Larder.Host.App;
using Larder.Host.Configuration;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Library;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

StartupErrors.PrintWhenUnhandled();
if (HostCommandLine.Answers(args))
    return;

// Triggers and orchestrations run for the tests that give their settings; others do without them, and without storage.
var orchestrations = Environment.GetEnvironmentVariable("AzureFunctionsJobHost__extensions__durableTask__hubName") is not null;
var triggers = !orchestrations && Environment.GetEnvironmentVariable("Journal") is not null;
var builder = new SelfHostBuilder(args, new SelfHostOptions
{
    FunctionAssembly = typeof(Probes).Assembly,
    FunctionClasses = [.. AssemblyWalk.Classes(typeof(Probes).Assembly)
        .Where(type => type == typeof(Functions) ? triggers : type != typeof(Jobs) || orchestrations)],
});
builder.Services.AddSingleton(new ShelfOptions("books"));
builder.Services.AddSingleton(_ => new BlobContainerClient(builder.Configuration["AzureWebJobsStorage"], "notes"));
builder.Services.AddSingleton(_ => new Jobs.Executions(new BlobContainerClient(builder.Configuration["AzureWebJobsStorage"], "executions")));
builder.Services.AddSingleton<TimeProvider>(new ShiftedTimeProvider(TimeSpan.Parse(builder.Configuration["ClockShift"] ?? "0", CultureInfo.InvariantCulture)));
builder.Services.AddSingleton(_ => new Journal(new BlobContainerClient(builder.Configuration["AzureWebJobsStorage"], builder.Configuration["Journal"])));
builder.Build().Run();
