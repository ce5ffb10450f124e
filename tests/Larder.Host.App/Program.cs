using System.Globalization;
using Azure.Storage.Blobs;
using Larder.Host;
using Larder.Host.App;
using Larder.Host.Library;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

StartupErrors.PrintWhenUnhandled();
if (HostCommandLine.Answers(args))
    return;

// Each test runs the functions of one kind: those of the others ask for settings that it does not have.
var kind = Environment.GetEnvironmentVariable("APP_FUNCTIONS") ?? "http";
var builder = new SelfHostBuilder(args, new SelfHostOptions
{
    FunctionAssembly = typeof(Probes).Assembly,
    FunctionClasses = [.. AssemblyWalk.Classes(typeof(Probes).Assembly)
        .Where(type => kind == (type == typeof(Functions) ? "triggers" : type == typeof(Jobs) ? "jobs" : "http"))],
});
builder.Services.AddSingleton(new ShelfOptions("books"));
builder.Services.AddSingleton(_ => new BlobContainerClient(builder.Configuration["AzureWebJobsStorage"], "notes"));
builder.Services.AddSingleton(_ => new Jobs.Executions(new BlobContainerClient(builder.Configuration["AzureWebJobsStorage"], "executions")));
builder.Services.AddSingleton<TimeProvider>(new ShiftedTimeProvider(TimeSpan.Parse(builder.Configuration["ClockShift"] ?? "0", CultureInfo.InvariantCulture)));
builder.Services.AddSingleton(_ => new Journal(new BlobContainerClient(builder.Configuration["AzureWebJobsStorage"], builder.Configuration["Journal"])));
builder.Build().Run();
