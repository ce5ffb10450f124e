// An empty ASP.NET Core application, as `dotnet new web` makes it: what the start of the framework alone costs.

var app = WebApplication.CreateBuilder(args).Build();

app.MapGet("/", () => "Hello World!");
app.Run();
