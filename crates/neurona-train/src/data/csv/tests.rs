use super::*;

fn label() -> CsvTarget {
    CsvTarget::Label(Column::Name("label".to_owned()))
}

/// Reads `text` as a file called `data.csv`; errors come without the folder's name.
fn read_as(text: &[u8], format: &CsvFormat, target: &CsvTarget, labels: Option<&[String]>) -> Result<Dataset, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data.csv");
    std::fs::write(&path, text).expect("the folder can be written");
    let message = |error: DataError| error.to_string().replace(&format!("{}/", folder.path().display()), "");
    read_csv(&path, format, target, labels).map_err(message)
}

fn read(text: &str) -> Result<Dataset, String> {
    read_as(text.as_bytes(), &CsvFormat::default(), &label(), None)
}

fn error(text: &str) -> String {
    read(text).expect_err("the file is wrong")
}

#[test]
fn labels_are_ordered_by_number_or_by_spelling() {
    let data = read("label,a,b\n10,1,2\n9,3,4.5\n10, -5e-1 ,6\n").expect("the file is right");
    assert_eq!(data.columns(), ["a", "b"]);
    assert_eq!(data.labels(), ["9", "10"]);
    assert_eq!(data.target_rows(), crate::TargetRows::Classes(&[1, 0, 1]));
    assert_eq!(data.input(2), Some(&[-0.5, 6.0][..]));
    let data = read("a,label\n1,setosa\n2,iris 10\n").expect("the file is right");
    assert_eq!(data.labels(), ["iris 10", "setosa"]);
}

#[test]
fn columns_by_index_and_without_a_header() {
    let format = CsvFormat { header: false, delimiter: b';', ignore: vec![Column::Index(1)] };
    let target = CsvTarget::Values(vec![Column::Index(3), Column::Index(0)]);
    let data = read_as(b"1;x;3;4\n5;y;7;8\n", &format, &target, None).expect("the file is right");
    assert_eq!(data.columns(), ["2"]);
    assert_eq!(data.target_rows(), crate::TargetRows::Values(&[4.0, 1.0, 8.0, 5.0]));
    assert_eq!(data.input(1), Some(&[7.0][..]));
}

#[test]
fn a_header_may_begin_with_a_byte_order_mark() {
    let data = read("\u{feff}label,a\n0,1\n1,2\n").expect("the file is right");
    assert_eq!(data.columns(), ["a"]);
}

#[test]
fn each_fault_says_where_and_what() {
    assert_eq!(error(""), "data.csv: expected rows of data, found none");
    assert_eq!(error("label,a\n"), "data.csv: expected rows of data, found none");
    assert_eq!(
        error("label,a,b\n0,1,2\n1,,4\n"),
        "data.csv, row 3, column `a`: expected a number, found nothing (a missing value)"
    );
    assert_eq!(
        error("label,a,b\n0,1,2\n,3,4\n"),
        "data.csv, row 3, column `label`: expected a label, found nothing (a missing value)"
    );
    assert_eq!(error("label,a\n0,NA\n"), "data.csv, row 2, column `a`: expected a number, found `NA`");
    assert_eq!(
        error("label,a\n0,1e39\n"),
        "data.csv, row 2, column `a`: expected a number of single precision, at most 3.4e38 in size, found `1e39`"
    );
    for value in ["NaN", "inf", "-infinity"] {
        assert_eq!(
            error(&format!("label,a\n0,{value}\n")),
            format!("data.csv, row 2, column `a`: expected a finite number, found `{value}`")
        );
    }
    assert_eq!(error("label,a,b\n0,1,2\n1,3\n"), "data.csv, row 3: expected 3 columns, found 2");
    assert_eq!(error("label,a\n0,1,2\n"), "data.csv, row 2: expected 2 columns, found 3");
    assert_eq!(error("label,a\n7,1\n7,2\n"), "data.csv: expected at least two classes, found only `7`");
    assert_eq!(error("class,a\n0,1\n"), "data.csv: expected a column `label`, found `class`, `a`");
    assert_eq!(error("label\n0\n1\n"), "data.csv: table: expected at least one column of inputs, found none");
    let latin = read_as(b"label,a\nJos\xe9,1\n", &CsvFormat::default(), &label(), None);
    assert!(latin.expect_err("the file is not UTF-8").starts_with("data.csv: row 2: expected text in UTF-8, found"));
}

#[test]
fn with_known_labels_others_are_errors() {
    let labels = ["no", "yes"].map(String::from);
    let read = |text: &str| read_as(text.as_bytes(), &CsvFormat::default(), &label(), Some(&labels));
    // One class is enough where the classes are known.
    let data = read("label,a\nyes,1\nyes,2\n").expect("the file is right");
    assert_eq!(data.target_rows(), crate::TargetRows::Classes(&[1, 1]));
    assert_eq!(
        read("label,a\nyes,1\nmaybe,2\n"),
        Err("data.csv, row 3, column `label`: expected one of `no`, `yes`, found `maybe`".to_owned())
    );
}

#[test]
fn a_file_that_is_not_there() {
    let error = read_csv(Path::new("nowhere.csv"), &CsvFormat::default(), &label(), None).expect_err("no such file");
    assert!(error.to_string().starts_with("nowhere.csv: "), "{error}");
}

#[test]
fn what_is_written_reads_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data.csv");
    let again = |text: &[u8], target: &CsvTarget| {
        let data = read_as(text, &CsvFormat::default(), target, None).expect("the file is right");
        data.write_csv(&path).expect("the folder can be written");
        assert_eq!(read_csv(&path, &CsvFormat::default(), target, None).expect("the file is right"), data);
    };
    again(b"a,label\n0.1,\"x, y\"\n3.4028235e38,z\n1e-45,z\n", &label());
    again(b"a,b,y\n1,2,0.3\n", &CsvTarget::Values(vec![Column::Name("y".to_owned())]));
}

#[test]
fn inputs_without_targets() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data.csv");
    std::fs::write(&path, "a,label,b\n1,x,2\n3,y,4\n").expect("the folder can be written");
    let ignore = vec![Column::Name("label".to_owned())];
    let inputs = read_csv_inputs(&path, &CsvFormat { ignore, ..CsvFormat::default() }).expect("the file is right");
    assert_eq!(inputs, ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
}

#[test]
fn columns_have_names_or_places() {
    let columns = |text: &str, format: &CsvFormat| {
        csv_columns(text.as_bytes(), Path::new("-"), format).map_err(|error| error.to_string())
    };
    let without = CsvFormat { header: false, ..CsvFormat::default() };
    assert_eq!(columns("\u{feff}label, a\n0,1\n", &CsvFormat::default()), Ok(vec!["label".into(), "a".into()]));
    assert_eq!(columns("4,5,6\n", &without), Ok(vec!["0".into(), "1".into(), "2".into()]));
    assert_eq!(columns("", &without), Err("-: expected rows of data, found none".to_owned()));
}

#[test]
fn a_quotation_without_an_end_is_told_where_it_begins() {
    let read = |text: &str, header| {
        let target = CsvTarget::Values(vec![Column::Index(0)]);
        let format = CsvFormat { header, ..CsvFormat::default() };
        Table::read(text.as_bytes(), Path::new("x.csv"), &format, &target).map(|table| table.inputs.len())
    };
    for (text, header, line) in
        [("t,x\n1,2\n3,\"4\n5,6\n7,8\n", true, 3), ("t,\"x\n1,2\n3,4\n", true, 1), ("1,2\n\"3\"\"4,5", false, 2)]
    {
        let error = read(text, header).expect_err("a quotation does not end").to_string();
        assert!(
            error.starts_with(&format!("x.csv: line {line}: a cell in this row begins with a quotation")),
            "{error}"
        );
    }
    let error = csv_columns("a,\"b\n1,2\n".as_bytes(), Path::new("x.csv"), &CsvFormat::default());
    assert!(matches!(error, Err(DataError::Quote { row: 1, .. })), "{error:?}");
    // What is closed, or stands within a cell, is none.
    assert_eq!(read("t,x\n1,2\n\"3\",\"4\"", true).expect("it is whole"), 2);
    assert!(
        !ends_in_quotes(b"1,5\" ", b',') && !ends_in_quotes(b"\"a\"\"b\",\"\"", b',') && ends_in_quotes(b"1;\"", b';')
    );
    let two_lines = csv_columns("a,\"b\nc\"\n1,2\n".as_bytes(), Path::new("x.csv"), &CsvFormat::default());
    assert_eq!(two_lines.expect("it is whole"), ["a", "b\nc"]);
}
