using StandIns.Api.Tests.Printing;
using StandIns.Api.Tests.Samples;

namespace StandIns.Api.Tests;

public class ApiPrinterTests
{
    [Fact]
    public void Types_and_members_are_printed_as_in_the_listings()
    {
        var printer = new ApiPrinter(withNullability: true);

        var type = printer.Print(typeof(Oddities<>));

        Assert.Equal("public abstract class StandIns.Api.Tests.Samples.Oddities<TKey> where TKey : class, IComparable<TKey>, new()", type.Header);
        Assert.Equal(
            [
                "protected ctor(params string?[]? names)",
                "public T Make<T>() where T : struct, IConvertible  [Obsolete]",
                "public TKey? this[in int index] { get; }",
                "public abstract Task<Dictionary<string, TKey?>?> FindAsync(out string? text, ref long count, char letter = 'a')",
                "public event EventHandler<string?>? Changed",
                "public required int Size { get; init; }",
                "public sealed override string ToString()",
                "public static string? op_Implicit(Oddities<TKey> value)",
                "public string?[]? Names { get; protected set; }",
                "public virtual int? Maybe(DateTime time = default, DayOfWeek day = 5)",
            ],
            type.Members.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(typeof(SampleAttribute), "public sealed class StandIns.Api.Tests.Samples.SampleAttribute : Attribute  [AttributeUsage(Class, Method, Inherited=False)]")]
    [InlineData(typeof(ISample), "public interface StandIns.Api.Tests.Samples.ISample")]
    [InlineData(typeof(Attribute), "public abstract class System.Attribute  [AttributeUsage(All, AllowMultiple=False, Inherited=True)]")]
    [InlineData(typeof(Func<,>), "public delegate System.Func<T, TResult> : TResult (T arg)")]
    [InlineData(typeof(DayOfWeek), "public enum System.DayOfWeek")]
    public void The_line_of_a_type_is(Type type, string line) =>
        Assert.Equal(line, new ApiPrinter(withNullability: true).Print(type).Header);

    [Fact]
    public void Without_nullability_only_values_have_question_marks()
    {
        var members = new ApiPrinter(withNullability: false).Print(typeof(Oddities<>)).Members;

        Assert.Contains("public string[] Names { get; protected set; }", members);
        Assert.Contains("public virtual int? Maybe(DateTime time = default, DayOfWeek day = 5)", members);
    }

    [Fact]
    public void What_nobody_outside_can_see_is_not_printed()
    {
        var types = new ApiPrinter(withNullability: true).Print(typeof(Sample).Assembly).ToList();

        Assert.DoesNotContain(types, type => type.Header.Contains(nameof(ApiPrinter) + " ") || type.Header.EndsWith("." + nameof(ApiPrinter)));
        Assert.DoesNotContain(types.SelectMany(type => type.Members), member => member.Contains("NotPublic") || member.Contains("Hidden"));
    }
}
